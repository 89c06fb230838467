"""Files of requests and answers in the form of OpenAI's Batch API.

https://platform.openai.com/docs/guides/batch
"""

import codecs
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry
from referencing.exceptions import Unresolvable

from generators.engine.content import parse_json, replace_content
from generators.engine.dialogue import Accepted, Ask, Missing, Step, Unfit
from generators.engine.exchange import Request, find_schema
from generators.errors import SourceError
from generators.jsonl import as_object, read_json, replace_lines, write_canonical

TASK = "complete"
PREFIX = "/v1"
WANTED = '{"custom_id", "method": "POST", "url": "/v1/...", "body": {...}}'


class Line(NamedTuple):
    """One line of a request file."""

    custom_id: str
    endpoint: str
    """Path below the base URL."""
    body: dict[str, Any]
    where: str
    """File and line, for errors."""


class RequestFile:
    """A file of requests; it is read again for each pass, so it may be long."""

    def __init__(self, path: Path) -> None:
        """Checks every line before anything is sent.

        Raises:
            SourceError: the file cannot be read, or a line is no request; names the line.
        """
        self.path = path
        if path.exists() and not path.is_file():
            found, wanted = "not an ordinary file", "a file, which is read more than once"
            raise SourceError(str(path), found, wanted, "Write the requests to one")
        self.models: set[str] = set()
        self.requests = 0
        seen: set[str] = set()
        for line in self.read_lines():
            if line.custom_id in seen:
                found, wanted = (
                    f"custom_id '{line.custom_id}' again",
                    "a different one in each line",
                )
                raise SourceError(line.where, found, wanted, "Rename one")
            seen.add(line.custom_id)
            self.models.add(str(line.body.get("model")))
            self.requests += 1
        if not self.requests:
            raise SourceError(str(path), "no request", WANTED, "Write one a line")

    def read_lines(self) -> Iterator[Line]:
        """Yields the lines, checked."""
        try:
            with self.path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield read_line(line, f"{self.path} line {number}")
        except OSError as error:
            found = error.strerror or str(error)
            raise SourceError(
                str(self.path), found, "a file of requests", "Check the path"
            ) from error

    def list_asks(self) -> Iterator[Ask[Any]]:
        """Yields what to ask; identical requests are told apart by their occurrence."""
        seen: Counter[bytes] = Counter()
        for line in self.read_lines():
            request = Request(TASK, line.custom_id, line.body, endpoint=line.endpoint)
            mark = bytes.fromhex(request.key)
            seen[mark] += 1
            yield make_ask(request if seen[mark] == 1 else replace(request, occurrence=seen[mark]))


def read_line(line: bytes, where: str) -> Line:
    """Returns one line of a request file.

    Raises:
        SourceError: it is no request that this package sends.
    """
    try:
        found = read_json(line.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        raise SourceError(where, "not JSON", WANTED, "Fix the line") from error
    if not isinstance(found, dict):
        raise SourceError(where, "not a JSON object", WANTED, "Fix the line")
    value = as_object(found)
    custom_id, url, body = value.get("custom_id"), value.get("url"), value.get("body")
    if not isinstance(custom_id, str) or not isinstance(url, str) or not isinstance(body, dict):
        raise SourceError(where, "custom_id, url or body is missing", WANTED, "Fix the line")
    if value.get("method", "POST") != "POST" or not url.startswith(f"{PREFIX}/"):
        found = f"{value.get('method')} {url}"
        raise SourceError(where, found, "POST to /v1/...", "Fix the line")
    sent = as_object(body)
    if not isinstance(sent.get("model"), str):
        raise SourceError(where, "no model is named in the body", WANTED, "Name one")
    if sent.get("stream"):
        raise SourceError(where, "stream is on", "a request without it", "Remove it from the body")
    try:
        _compile(write_canonical(find_schema(sent) or {}))
    except SchemaError as error:
        found = f"an invalid schema ({error.message[:80]})"
        raise SourceError(where, found, "a JSON schema", "Fix it") from error
    return Line(custom_id, url.removeprefix(PREFIX), sent, where)


def make_ask(request: Request) -> Ask[Any]:
    """Returns the ask of a request; its answer must fit the schema, where the request has one."""
    schema = request.schema
    if schema is None:
        return Ask(request, read_json, read_whole=lambda response: response)

    def read(content: str) -> Any:
        try:
            value = parse_json(content)
        except ValueError as error:
            raise Unfit("invalid_json", "it is no JSON") from error
        validator: Any = _compile(write_canonical(schema))
        try:
            mismatch = cast(Any, best_match(validator.iter_errors(value)))
        except (RecursionError, Unresolvable) as error:
            detail = "$: the schema refers to what is not there, or to itself"
            raise Unfit("schema", detail) from error
        if mismatch is not None:
            raise Unfit("schema", f"{mismatch.json_path}: {mismatch.message[:200]}")
        return value

    return Ask(request, read)


@lru_cache(maxsize=64)
def _compile(schema: bytes) -> Draft202012Validator:
    found = json.loads(schema)
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found, registry=Registry())  # an empty registry fetches nothing


def write_outcomes(path: Path, file: RequestFile, steps: Iterable[Step[Any]]) -> Counter[str]:
    """Writes one line for each request, in their order; returns how many were answered or failed.

    Where JSON was asked for and came with text around it, or with small faults, the body has the
    JSON that was checked, and says `mended`; the log has it as it came.

    Raises:
        FolderError: the file cannot be written; it stays as it was.
    """
    counts: Counter[str] = Counter(answered=0, failed=0)

    def write() -> Iterator[dict[str, Any]]:
        for line, step in zip(file.read_lines(), steps, strict=True):
            key, response, error = step.request.key[:24], None, None
            if isinstance(step, Accepted):
                body = step.found[-1].response
                if step.mended:
                    body = {**replace_content(body, step.value), "mended": True}
                response = {"status_code": 200, "request_id": f"req_{key}", "body": body}
            elif isinstance(step, Missing):
                error = {"code": "pending", "message": "it waits for an open batch"}
            else:
                error = {"code": step.reason, "message": step.detail}
            counts["failed" if response is None else "answered"] += 1
            about = {"id": f"batch_req_{key}", "custom_id": line.custom_id}
            yield {**about, "response": response, "error": error}

    remedy = "Name another with --out; all answers are kept in the log"
    replace_lines(path, write(), f"--out {path}", remedy)
    return counts
