"""Tables as text, as spreadsheets write them: commas, semicolons, tabs or bars; a header line."""

import csv
import re
import sys
from collections.abc import Iterator

from generators.errors import SourceError
from generators.sources.pairs.containers.content import Content
from generators.sources.pairs.forms import WANTED, describe, recognize
from generators.sources.pairs.forms.base import Placed
from generators.sources.pairs.records import NoForm, check_names, place_record

MARKS = (",", ";", "\t", "|")
TAB = "\t"
LONGEST_NAME = 60
"""Characters of a column's name; a longer one is a sentence, and the file no table."""
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
HINT = re.compile(r'"?sep=(.)"?\r?\n')
"""A first line by which Excel knows what parts the cells."""


def read_table(content: Content) -> Iterator[Placed]:
    """Returns the rows of a table as records, cells as texts, empty ones as missing.

    Raises:
        SourceError: its first line is no header of a form; a broken row only when it is read.
    """
    where, data = content
    text = data.decode()
    marks = MARKS
    first_line = 1
    if hint := HINT.match(text):
        text, marks, first_line = text[hint.end() :], (hint[1],), 2
    headers = {mark: _read_header(text, mark) for mark in marks}
    for mark, names in headers.items():
        if recognize(place_record(where, dict.fromkeys(names, "")).values):
            check_names(f"{where} line {first_line}", names)
            return _read_rows(where, text, mark, first_line)
    names = max(headers.values(), key=len)
    if sum(map(bool, names)) > 1 and max(map(len, names)) <= LONGEST_NAME:
        found = f"a table with {describe(place_record(where, dict.fromkeys(names)).values)}"
    else:
        found = "lines of text without a header"
    remedy = "Rename the columns; of lines of text name two files, one for each side"
    raise NoForm(where, found, f"JSON, or a table, with {WANTED}", remedy)


def _read_header(text: str, mark: str) -> list[str]:
    try:
        for _, cells in _parse(text, mark):
            if any(cells):
                return cells
    except csv.Error:
        pass
    return []


def _parse(text: str, mark: str, *, quoted: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yields the line in which each row begins, and its cells."""
    # A cell may be as long as the file; the csv module has one bound for all its readers.
    csv.field_size_limit(sys.maxsize)
    style = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    lines = (line.group() for line in LINE.finditer(text))  # a StringIO takes four times the room
    reader = csv.reader(lines, delimiter=mark, strict=True, quoting=style)
    before = 0
    for cells in reader:
        yield before + 1, cells
        before = reader.line_num


def _read_rows(where: str, text: str, mark: str, first_line: int) -> Iterator[Placed]:
    quoted = True
    if mark == TAB:  # where a quote is often no more than a quote
        try:
            for _ in _parse(text, mark):
                pass
        except csv.Error:
            quoted = False
    rows = _parse(text, mark, quoted=quoted)
    line = first_line
    try:
        names = next(cells for _, cells in rows if any(cells))
        for number, cells in rows:
            line = number + first_line - 1
            if not any(cells):
                continue
            place = f"{where} line {line}"
            if len(cells) < len(names) or any(cells[len(names) :]):
                found, wanted = f"a row of {len(cells)}", f"{len(names)} cells, as in the header"
                raise SourceError(place, found, wanted, f"Quote a cell that holds '{mark}'")
            yield place_record(place, dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        found, remedy = f"a broken quote ({error})", "Double the quotes inside quoted cells"
        raise SourceError(f"{where} after line {line}", found, "a whole table", remedy) from error
