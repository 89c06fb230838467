"""The card of a folder of concept sets: rendered from its manifest, never parsed back. Pure."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pyarrow as pa

from generators.configs import CONCEPT_CONFIGS
from generators.dataset.card import count_rows, find_default, list_schemas, render_closing
from generators.dataset.header import size_category, write_header
from generators.quality.verdicts import render_section
from generators.templates import render
from generators.writing.audit import HAND_WRITTEN
from schemas.manifest import ConceptManifest
from schemas.quality import Quality

TEMPLATE = "concept_card/v1/card"

TITLES = {
    "bundled": "Contrapose: minimal pairs and a network of moral concepts",
    "concepts": "Contrapose: concept sets from a concept file",
    "pairs": "Contrapose: minimal pairs from own texts",
}
"""Source -> title of the card."""


def render_card(
    manifest: ConceptManifest,
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
    generation = manifest.generation
    body = render(
        TEMPLATE,
        manifest=manifest,
        quality=quality,
        manifest_sha256=sha256(manifest_text.encode()).hexdigest(),
        title=TITLES[manifest.source],
        one_row={name: each.description for name, each in CONCEPT_CONFIGS.items()},
        counts={name: rows for name, rows in count_rows(manifest).items() if any(rows)},
        default=default,
        generation=generation,
        hand_written=generation is not None and generation.writer == HAND_WRITTEN,
        options=_list_options(manifest),
        closing=render_closing(manifest, manifest_text, benchmark=False),
    )
    return f"---\n{header.strip()}\n---\n\n{body}\n"


def describe_concepts(
    manifest: ConceptManifest, text: str, quality: Quality | None, figures: list[str]
) -> str:
    """Returns the card of a folder of concept sets.

    Args:
        manifest: what the folder holds.
        text: `manifest.json` as written.
        quality: what was measured; None where nothing was.
        figures: names of the figures beside the card.
    """
    said = render_section(quality, figures)
    return render_card(manifest, text, list_schemas(manifest), said)


def _list_options(manifest: ConceptManifest) -> dict[str, str]:
    """Returns the command's options as a user would type them, but for those that are off."""
    config = manifest.config
    options = {
        "--kinds": ",".join(config.kinds),
        "--aligned-only": "on" if config.aligned_only else None,
        "--limit": config.limit,
        "--model": config.model,
        "--repairs": config.repairs if config.model else None,
        "--seed": config.seed,
    }
    typed = {name: str(value) for name, value in options.items() if value is not None}
    for name, digest in config.tokenizers.items():
        typed[f"--tokenizer {name}"] = f"sha256 {digest[:16]}..."
    return typed


def _describe(manifest: ConceptManifest) -> dict[str, Any]:
    rows = sum(size.rows for splits in manifest.rows.values() for size in splits.values())
    licence: dict[str, Any] = {"license": "cc0-1.0"}
    if manifest.text_licence != "cc0-1.0":
        licence = {"license": "other", "license_name": "own-text"}
    return {
        **licence,
        "language": ["en"],
        "pretty_name": TITLES[manifest.source],
        "task_categories": ["text-classification", "feature-extraction"],
        "size_categories": [size_category(rows)],
        "tags": ["interpretability", "activation-patching", "minimal-pairs", "concepts", "ethics"],
    }
