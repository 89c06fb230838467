"""Reads a set of texts: a line each, or JSONL with `text`, or with `prompt` and `completion`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from generators.errors import SourceError

WANTED = 'a text a line, or lines such as {"text": "..."}'


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: str = ""
    prompt: str = ""
    completion: str = ""

    def join(self) -> str:
        """Returns the whole text."""
        if self.text or not self.prompt:
            return self.text or self.completion
        gap = "" if self.prompt[-1].isspace() else " "
        return f"{self.prompt}{gap}{self.completion}"


def read_texts(path: Path) -> list[str]:
    """Returns the texts of a file, empty lines left out.

    Raises:
        SourceError: It cannot be read, or a line is no text.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are no text in UTF-8"
        raise SourceError(str(path), found, WANTED, "Check the file") from error
    lines = content.replace("\r\n", "\n").split("\n")
    as_json = path.suffix.lower() in (".jsonl", ".ndjson")
    texts = [
        _parse(line, f"{path} line {number}") if as_json else line
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not texts:
        raise SourceError(str(path), "no text", WANTED, "Name another file")
    return texts


def _parse(line: str, where: str) -> str:
    try:
        text = _Line.model_validate_json(line).join()
    except ValidationError as error:
        found = error.errors(include_url=False)[0]["msg"]
        raise SourceError(where, found, WANTED, "Fix the line") from error
    if not text.strip():
        wanted = "text, or prompt and completion"
        raise SourceError(where, "none of these fields", wanted, "Fix the line")
    return text
