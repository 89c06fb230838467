"""Reads the user's own pairs: JSONL with both sides, or two files of lines that belong together."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from generators.errors import SourceError

WANTED = 'lines such as {"positive": "...", "negative": "..."}'


class OwnPair(BaseModel):
    """One line; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    positive: str
    """The text that shows what the pair is about."""
    negative: str
    """The text that does not."""
    prompt: str = ""
    """What comes before both, with a space between."""
    id: str | None = None
    """Name of the pair; None for one made of its texts."""
    group: str | None = None
    """Pairs of one group stay in one split; None for the text that comes before the difference."""
    theme: str = "own"
    """What it is about."""
    concept: str | None = None
    """What the positive side shows; None for what differs in it."""

    def join(self) -> tuple[str, str]:
        """Returns both sides with their prompt."""
        gap = "" if not self.prompt or self.prompt[-1].isspace() else " "
        return f"{self.prompt}{gap}{self.positive}", f"{self.prompt}{gap}{self.negative}"


class ReadPairs(NamedTuple):
    """Pairs as they were read."""

    pairs: list[OwnPair]
    sha256: str
    """Over the bytes of the file, or of both."""


def read_pairs(paths: Sequence[Path]) -> ReadPairs:
    """Returns the pairs of one JSONL file, or of two files, line by line.

    Raises:
        SourceError: a file cannot be read, a line is no pair, or two files differ in length.
    """
    contents = [_read(path) for path in paths]
    digest = sha256(b"".join(contents)).hexdigest()
    if len(paths) == 1:
        pairs = list(_parse(paths[0], contents[0]))
    else:
        pairs = list(_match(paths, contents))
    if not pairs:
        raise SourceError(f"--pairs {paths[0]}", "no line", WANTED, "Name another file")
    return ReadPairs(pairs, digest)


def read_any_pairs(path: Path) -> list[OwnPair]:
    """Returns the pairs of a JSONL file to be measured: empty sides and repeated ids are let pass.

    Raises:
        SourceError: the file cannot be read, or a line is no pair.
    """
    pairs = list(_parse(path, _read(path), checked=False))
    if not pairs:
        raise SourceError(str(path), "no line", WANTED, "Name another file")
    return pairs


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        found = error.strerror or str(error)
        raise SourceError(str(path), found, "a file of pairs", "Check the path") from error


def _split_lines(path: Path, content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        wanted, remedy = "UTF-8", "Save the file as UTF-8"
        raise SourceError(
            f"{path} line {line}", "bytes that are no text", wanted, remedy
        ) from error
    return text.replace("\r\n", "\n").split("\n")


def _parse(path: Path, content: bytes, *, checked: bool = True) -> Iterator[OwnPair]:
    lines: dict[str, int] = {}
    for number, line in enumerate(_split_lines(path, content), start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            pair = OwnPair.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            found = f"{place}: {first['msg']}" if place else "no JSON object"
            raise SourceError(where, found, WANTED, "Fix the line") from error
        if checked:
            _check(where, pair)
        if checked and pair.id:
            if pair.id in lines:
                found, wanted = (
                    f"the id '{pair.id}' a second time",
                    f"it once (line {lines[pair.id]})",
                )
                raise SourceError(where, found, wanted, "Fix the line")
            lines[pair.id] = number
        yield pair


def _match(paths: Sequence[Path], contents: Sequence[bytes]) -> Iterator[OwnPair]:
    sides = [_split_lines(*each) for each in zip(paths, contents, strict=True)]
    lengths = [_count_lines(lines) for lines in sides]
    if lengths[0] != lengths[1]:
        found = f"{lengths[0]} and {lengths[1]} lines"
        wanted, remedy = "as many in both: line i belongs to line i", "Fix the files"
        raise SourceError(f"--pairs {paths[0]} and {paths[1]}", found, wanted, remedy)
    for number, (positive, negative) in enumerate(zip(*sides, strict=False), start=1):
        if not positive.strip() and not negative.strip():
            continue
        pair = OwnPair(positive=positive, negative=negative)
        _check(f"{paths[0]} and {paths[1]} line {number}", pair)
        yield pair


def _count_lines(lines: Sequence[str]) -> int:
    """Returns the number of the last line that says something."""
    return max((number for number, line in enumerate(lines, 1) if line.strip()), default=0)


def _check(where: str, pair: OwnPair) -> None:
    for side in ("positive", "negative"):
        if not getattr(pair, side).strip():
            raise SourceError(where, f"an empty {side}", WANTED, "Fix the line")
