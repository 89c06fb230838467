"""What the Hub checks in the header of a dataset card, as far as its public words tell.

Sources, all public:
- the licences: the Hub's own answer, in full in huggingface/huggingface_hub issue 4218 (2026-05);
- the other fields and the sizes: huggingface/hub-docs `datasetcard.md`, and the resources and
  `MetadataConfigs` of the `datasets` library;
- the tasks: huggingface/huggingface.js `packages/tasks/src/pipelines.ts`;
- the block itself: huggingface_hub's `REGEX_YAML_BLOCK`, "the same as in the Hub".

Only the licence's message is known word for word. A value outside a list that the documentation
closes is an error here, even where the Hub may only warn: a card that passes has neither. That
`license: other` takes a `license_name` is what the documentation asks for; whether the Hub refuses
it without is not known. Task ids and tags are open lists.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import yaml

BLOCK = re.compile(r"^(\s*---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))")
LICENSES = """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause
    bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0
    cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
    cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
    eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research
    intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0
    openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license
    fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
    grok2-community gemma unknown other
""".split()
TASKS = """
    any-to-any audio-classification audio-text-to-text audio-to-audio
    automatic-speech-recognition depth-estimation document-question-answering feature-extraction
    fill-mask graph-ml image-classification image-feature-extraction image-segmentation
    image-text-to-text image-to-3d image-to-image image-to-text image-to-video
    keypoint-detection mask-generation multiple-choice object-detection other question-answering
    reinforcement-learning robotics sentence-similarity summarization table-question-answering
    table-to-text tabular-classification tabular-regression tabular-to-text text-classification
    text-generation text-ranking text-retrieval text-to-3d text-to-audio text-to-image
    text-to-speech text-to-video text2text-generation time-series-forecasting
    token-classification translation unconditional-image-generation video-classification
    video-text-to-text visual-document-retrieval visual-question-answering
    voice-activity-detection zero-shot-classification zero-shot-image-classification
    zero-shot-object-detection
""".split()
SIZES = """
    unknown n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B 1B<n<10B 10B<n<100B
    100B<n<1T n>1T other
""".split()
ANNOTATIONS = ["found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation"]
LINGUALITY = ["monolingual", "multilingual", "translation", "other"]


def check_card(content: str) -> tuple[list[str], list[str]]:
    """Returns the errors, which refuse an upload, and the warnings."""
    block = BLOCK.search(content)
    if block is None:
        return [], ["empty or missing yaml metadata in repo card"]
    try:
        header = yaml.safe_load(block[2])
    except yaml.YAMLError as error:
        return [f"YAML: {str(error).splitlines()[0]}"], []
    if not isinstance(header, dict):
        return ["the metadata must be of type object"], []
    fields: dict[str, Any] = header
    return [error for check in CHECKS for error in check(fields)], []


@cache
def _read_languages() -> list[str]:
    """Returns the codes that the `datasets` library lists, without importing it."""
    library = find_spec("datasets")
    assert library
    assert library.origin
    path = Path(library.origin).parent / "utils" / "resources" / "languages.json"
    return list(json.loads(path.read_text(encoding="utf-8")))


def _as_list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _check_list(
    header: dict[str, Any], name: str, allowed: Sequence[str], show: bool = True
) -> list[str]:
    values = _as_list(header.get(name))
    if all(value in allowed for value in values):
        return []
    wrong = [value for value in values if value not in allowed]
    return [f'"{name}" must be one of [{", ".join(allowed)}]' if show else f'"{name}": {wrong}']


def _check_license(header: dict[str, Any]) -> list[str]:
    errors = _check_list(header, "license", LICENSES)
    if "other" in _as_list(header.get("license")) and not header.get("license_name"):
        errors.append('"license_name" is required where "license" is other')
    return errors


def _check_names(header: dict[str, Any]) -> list[str]:
    return [
        *_check_list(header, "size_categories", SIZES),
        *_check_list(header, "task_categories", TASKS),
        *_check_list(header, "annotations_creators", [*ANNOTATIONS, "other"]),
        *_check_list(header, "language_creators", [*ANNOTATIONS[:-1], "other"]),
        *_check_list(header, "multilinguality", LINGUALITY),
    ]


def _check_language(header: dict[str, Any]) -> list[str]:
    known = [*_read_languages(), "multilingual"]
    return _check_list(header, "language", known, show=False)


def _check_strings(header: dict[str, Any]) -> list[str]:
    texts = ("pretty_name", "license_name", "license_link")
    errors = [
        f'"{name}" must be a string' for name in texts if not isinstance(header.get(name, ""), str)
    ]
    lists = ("tags", "task_ids", "source_datasets")
    values = [(name, value) for name in lists for value in _as_list(header.get(name))]
    return errors + [f'"{name}" must hold strings' for name, v in values if not isinstance(v, str)]


def _check_configs(header: dict[str, Any]) -> list[str]:
    """Applies the reader's own rules: the `datasets` library refuses what breaks them."""
    if "configs" not in header:
        return []
    from datasets.utils.metadata import MetadataConfigs

    try:
        configs = MetadataConfigs.from_dataset_card_data(cast(Any, {"configs": header["configs"]}))
        configs.get_default_config_name()
    except (ValueError, TypeError, AttributeError) as error:
        return [f'"configs": {str(error).strip().splitlines()[0]}']
    return []


CHECKS: list[Callable[[dict[str, Any]], list[str]]] = [
    _check_license,
    _check_language,
    _check_names,
    _check_strings,
    _check_configs,
]
