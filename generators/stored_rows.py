"""Rows of a dataset folder that was built before, and may have been damaged or changed since."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from generators.arrow import arrow_schema
from generators.errors import SourceError
from generators.folder import MANIFEST
from generators.parquet import locate_file
from generators.splits import SPLITS
from schemas.manifest import ConceptManifest, GameManifest

REMEDY = "Build the folder again"

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


def list_files(folder: Path, config: str) -> list[Path]:
    """Returns a config's files in the order of the splits; a split without rows has none."""
    paths = [locate_file(folder, config, split) for split in SPLITS]
    return [path for path in paths if path.exists()]


@contextmanager
def open_rows(path: Path, row: type[BaseModel]) -> Generator[pq.ParquetFile]:
    """Gives a file of rows to read.

    Args:
        path: the file.
        row: the model of its rows.

    Raises:
        SourceError: it is not there, holds something else, or cannot be read, now or later on.
    """
    with explain_damage(path), pq.ParquetFile(path) as file:
        _check_columns(path, file.schema_arrow, row)
        yield file


@contextmanager
def explain_damage(path: Path) -> Generator[None]:
    """Raises SourceError for what Arrow says of a file that cannot be read."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else "no readable Parquet"
        raise SourceError(str(path), found, "a file of rows, as it was built", REMEDY) from error


def _check_columns(path: Path, schema: pa.Schema, row: type[BaseModel]) -> None:
    wanted = arrow_schema(row)
    if schema.remove_metadata() == wanted:
        return
    types = {name: schema.field(name).type for name in schema.names}
    wrong = [name for name in wanted.names if types.get(name) != wanted.field(name).type]
    found = f"column '{wrong[0]}' is missing, or of another type" if wrong else "other columns"
    raise refuse_rows(path, found)


def refuse_rows(path: Path, found: str) -> SourceError:
    """Returns the error for a file whose rows are not what they should be."""
    return SourceError(str(path), found, "rows of this version", REMEDY)
