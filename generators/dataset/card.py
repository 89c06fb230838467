"""The card of a dataset folder: rendered from its manifest, never parsed back. Pure."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pyarrow as pa

from generators.arrow import arrow_schema
from generators.configs import CONFIGS, GAME_CONFIGS
from generators.dataset.header import add_features, size_category, write_header
from generators.publish.reference_rows import reference_schema
from generators.quality.verdicts import render_section
from generators.sources.games.behaviors import MEANINGS
from generators.splits import SPLITS
from generators.templates import render
from generators.writing.audit import HAND_WRITTEN
from schemas.config import MachiavelliConfig
from schemas.generation import Audit, GenerationReport
from schemas.manifest import GameManifest, Manifest
from schemas.quality import Quality

TEMPLATE = "card/v1/card"

CLOSING = "datasheet/v1/closing"

TITLES = {
    "sample": "Contrapose: choices from seven short stories",
    "game_data": "Contrapose: choices from MACHIAVELLI games",
}
"""Source -> title of the card."""

MODEL_OPTIONS = frozenset({"generate", "repairs"})
"""Options that say nothing in a run without a model."""

FIRST_CHOICE = "contrastive"
"""The config that is loaded when none is named, where it has rows."""


def render_card(
    manifest: GameManifest,
    manifest_text: str,
    schemas: Mapping[str, pa.Schema],
    quality: Mapping[str, str],
) -> str:
    """Returns the whole text of README.md.

    Args:
        manifest: what the folder holds.
        manifest_text: `manifest.json` as written; the card quotes its sha256.
        schemas: config -> its columns.
        quality: what the card says of quality, `banner` and `section`.
    """
    sizes = {name: splits for name, splits in manifest.rows.items() if splits}
    default = find_default(manifest)
    header = write_header(_describe(manifest), schemas, sizes, manifest.files, default)
    body = render(
        TEMPLATE,
        manifest=manifest,
        quality=quality,
        manifest_sha256=sha256(manifest_text.encode()).hexdigest(),
        readings=MEANINGS,
        one_row={name: each.description for name, each in GAME_CONFIGS.items()},
        title=TITLES[manifest.source],
        options=_list_options(manifest),
        counts=count_rows(manifest),
        default=default,
        free=is_free(manifest),
        generation=manifest.generation,
        hand_written=manifest.generation and manifest.generation.writer == HAND_WRITTEN,
        audits=_list_audits(manifest.generation),
        percent=_show_percent,
        number=_show_number,
        closing=render_closing(manifest, manifest_text, benchmark=manifest.source == "game_data"),
    )
    return f"---\n{header.strip()}\n---\n\n{body}\n"


def render_closing(manifest: Manifest, manifest_text: str, *, benchmark: bool) -> str:
    """Returns how a dataset is maintained and cited.

    Args:
        manifest: what the folder holds.
        manifest_text: `manifest.json` as written.
        benchmark: whether the benchmark is to be cited, too.
    """
    digest = sha256(manifest_text.encode()).hexdigest()
    version = manifest.versions["contrapose"]
    said = render(
        CLOSING, dataset=manifest.name, version=version, manifest_sha256=digest, benchmark=benchmark
    )
    return said.strip()


def describe_games(
    manifest: GameManifest, text: str, quality: Quality | None, figures: list[str]
) -> str:
    """Returns the card of a folder made from games.

    Args:
        manifest: what the folder holds.
        text: `manifest.json` as written.
        quality: what was measured; None where nothing was.
        figures: names of the figures beside the card.
    """
    said = render_section(quality, figures)
    return render_card(manifest, text, list_schemas(manifest), said)


def find_default(manifest: Manifest) -> str:
    """Returns the config that is loaded when none is named: the first that has rows, or pairs."""
    filled = [name for name, splits in manifest.rows.items() if splits]
    return FIRST_CHOICE if FIRST_CHOICE in filled else filled[0]


def list_schemas(manifest: Manifest) -> dict[str, pa.Schema]:
    """Returns config -> its columns, with the Features that they stand for."""
    if isinstance(manifest, GameManifest) and manifest.references:
        return {name: add_features(reference_schema(name)) for name in manifest.rows}
    return {name: add_features(arrow_schema(CONFIGS[name].row)) for name in manifest.rows}


def _list_audits(generation: GenerationReport | None) -> dict[str, Audit]:
    """Returns title -> audit."""
    if generation is None:
        return {}
    audits = {"Writer and judge": generation.judged}
    if generation.blind:
        audits["Labeller and benchmark, on options labelled blind"] = generation.blind
    return audits


def _show_percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def _show_number(value: float | None) -> str:
    return "not computed, too few" if value is None else f"{value:.2f}"


def count_rows(manifest: Manifest) -> dict[str, list[int]]:
    """Returns config -> rows per split, in the order train, validation, test."""
    return {
        name: [splits[split].rows if split in splits else 0 for split in SPLITS]
        for name, splits in manifest.rows.items()
    }


def _list_options(manifest: GameManifest) -> dict[str, str]:
    """Returns the command's options as a user would type them, but for those that are off."""
    defaults = MachiavelliConfig(kinds=tuple(GAME_CONFIGS))
    typed: dict[str, str] = {}
    for name, value in manifest.config:
        if name in MODEL_OPTIONS and manifest.config.model is None:
            continue
        if value is not None and value is not False:
            every = isinstance(value, tuple) and value == getattr(defaults, name)
            typed[f"--{name.replace('_', '-')}"] = "all" if every else _show_value(value)  # pyright: ignore[reportUnknownArgumentType]
    return typed


def _show_value(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return "on" if value is True else str(value)


def is_free(manifest: GameManifest) -> bool:
    """Returns whether all story text of the folder is CC0."""
    return all(game.text_licence == "cc0-1.0" for game in manifest.games.values())


def _describe(manifest: GameManifest) -> dict[str, Any]:
    rows = sum(size.rows for splits in manifest.rows.values() for size in splits.values())
    licence: dict[str, Any] = {"license": "cc0-1.0"}
    if not is_free(manifest):
        licence = {"license": "other", "license_name": "choice-of-games-text"}
    if manifest.references:
        licence = {
            "license": "other",
            "license_name": "mit-labels-without-story-text",
            "license_link": "https://github.com/aypan17/machiavelli/blob/main/LICENSE",
        }
    return {
        **licence,
        "language": ["en"],
        "pretty_name": TITLES[manifest.source],
        "task_categories": ["multiple-choice", "text-classification"],
        "size_categories": [size_category(rows)],
        "tags": ["interpretability", "activation-steering", "contrastive-pairs", "ethics"],
    }
