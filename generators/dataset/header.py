"""The header of a dataset card, in the Hub's terms; the only importer of datasets."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# `datasets` ships no types.

import platform
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import pyarrow as pa

from generators import __version__
from generators.errors import SourceError
from schemas.manifest import SplitSize

CardHeader = Mapping[str, Any]


def add_features(schema: pa.Schema) -> pa.Schema:
    """Returns an Arrow schema that also carries the explicit Features it stands for."""
    return _features(schema).arrow_schema


def write_header(
    fields: CardHeader,
    schemas: Mapping[str, pa.Schema],
    sizes: Mapping[str, Mapping[str, SplitSize]],
    files: Mapping[str, str],
    default: str,
) -> str:
    """Returns the YAML header of a card, without its `---` lines.

    Args:
        fields: licence, tags and the like.
        schemas: config -> its columns.
        sizes: config -> split -> its size.
        files: path -> sha256. They go into each config's description: `load_dataset` keys its
            cache by this header, and would else serve old rows for a rebuilt folder.
        default: the config that is loaded when none is named.
    """
    from datasets import DatasetInfo, SplitDict, SplitInfo
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    data = DatasetCardData(**fields)
    configs: dict[str, dict[str, Any]] = {}
    infos: dict[str, Any] = {}
    for config, splits in sizes.items():
        paths = {split: f"{config}/{split}-00000-of-00001.parquet" for split in splits}
        configs[config] = {
            "data_files": [{"split": split, "path": path} for split, path in paths.items()],
            "description": "sha256 " + _combine(files[path] for path in paths.values()),
            **({"default": True} if config == default else {}),
        }
        infos[config] = DatasetInfo(
            features=_features(schemas[config]),
            splits=SplitDict(
                {
                    split: SplitInfo(split, num_bytes=size.bytes, num_examples=size.rows)
                    for split, size in splits.items()
                }
            ),
            dataset_size=sum(size.bytes for size in splits.values()),
        )
    MetadataConfigs(configs).to_dataset_card_data(data)
    DatasetInfosDict(infos).to_dataset_card_data(data)
    return data.to_yaml(line_break="\n")


def _combine(digests: Iterable[str]) -> str:
    """Returns one sha256 for several files: that of their own, one after the other."""
    return sha256("".join(digests).encode()).hexdigest()


def size_category(rows: int) -> str:
    """Returns the Hub's name for a number of rows, such as `1K<n<10K`."""
    edges = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M"]
    return edges[min(max(len(str(max(rows, 1))) - 3, 0), len(edges) - 1)]


def check_library() -> None:
    """Raises SourceError where `datasets` is not the library but a folder of that name."""
    import datasets

    if not hasattr(datasets, "Features"):
        found, wanted = "a folder, not the library", "the Hugging Face library"
        raise SourceError("import datasets", found, wanted, "Install it: pip install datasets")


def list_versions(packages: Sequence[str]) -> dict[str, str]:
    """Returns the versions of Python, of this package and of others, by name."""
    from importlib.metadata import version

    ours = {"python": platform.python_version(), "contrapose": __version__}
    return ours | {package: version(package) for package in packages}


def _features(schema: pa.Schema) -> Any:
    from datasets import Features

    return Features.from_arrow_schema(schema)
