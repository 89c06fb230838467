"""How records stand in a file: JSON, lines of JSON, tables as text, Parquet, Arrow; by content."""

from collections.abc import Iterator

from generators.errors import SourceError
from generators.sources.pairs.containers.arrow_files import ARROW_STARTS, PARQUET, read_arrow
from generators.sources.pairs.containers.content import Content, decode
from generators.sources.pairs.containers.json_files import read_json_file
from generators.sources.pairs.containers.text_tables import read_table
from generators.sources.pairs.forms import TEXTS
from generators.sources.pairs.forms.base import Placed

OTHERS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV"),
    (b"\x00\x05\x16\x07", "what macOS keeps beside a file", "Name the file without ._"),
    (b"\x28\xb5\x2f\xfd", "a file packed by zstd", "Unpack it"),
    (b"BZh", "a file packed by bzip2", "Unpack it"),
    (b"\xfd7zXZ\x00", "a file packed by xz", "Unpack it"),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV"),
    (b"\x89HDF\r\n", "an HDF5 file", "Save the table as Parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV"),
    (b"%PDF", "a PDF", "Name a file of data"),
    (b"\x93NUMPY", "an array of numpy", "Save the texts as JSON"),
    (b"version https://git-lfs", "what Git LFS keeps in place of a file", "Fetch it: git lfs pull"),
    (b"<!DOCTYPE", "a page of the web", "Download the file itself"),
    (b"<!doctype", "a page of the web", "Download the file itself"),
    (b"<html", "a page of the web", "Download the file itself"),
)
"""How other files begin, what they are, and what to do."""


def read_records(content: Content) -> Iterator[Placed]:
    """Returns the records of a file, in their order.

    Raises:
        SourceError: it is of no known kind, or broken; some of that only when a record is read.
    """
    where, data = content
    for start, what, remedy in OTHERS:
        if data.startswith(start):
            raise SourceError(where, what, "JSON, CSV, TSV, Parquet or Arrow", remedy)
    if data.startswith((PARQUET, *ARROW_STARTS)):
        return read_arrow(content)
    text = decode(content)
    start = text.lstrip()[:1]
    if not start:
        raise SourceError(where, "no line", f"records with {TEXTS}", "Name another file")
    if start in (b"{", b"["):
        return read_json_file(Content(where, text))
    return read_table(Content(where, text))
