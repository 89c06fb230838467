"""Reads the manifest of a dataset folder."""

from pathlib import Path

from pydantic import ValidationError

from generators.errors import SourceError
from generators.folder import MANIFEST
from schemas.manifest import ConceptManifest, GameManifest

AnyManifest = GameManifest | ConceptManifest


def read_manifest(folder: Path) -> AnyManifest:
    """Returns the manifest of a dataset folder.

    Raises:
        SourceError: there is none, or it is not ours, or of another version.
    """
    path = folder / MANIFEST
    wanted, remedy = "a dataset folder of ours", "Build it with this version"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or "no text"
        raise SourceError(str(path), found, wanted, remedy) from error
    kind = ConceptManifest if '"source_sha256"' in text else GameManifest
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        found = f"{'.'.join(map(str, first['loc'])) or 'not JSON'}: {first['msg']}"
        raise SourceError(str(path), found, wanted, remedy) from error
