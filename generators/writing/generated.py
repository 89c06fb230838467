"""`generated.jsonl`: what a model gave, whatever rows came of it."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from generators.errors import SourceError
from generators.sources.games.label_values import LabelValues
from generators.writing.games import Written
from generators.writing.model_labels import ModelLabel
from schemas.generated import GeneratedDecision, GeneratedLabel, GeneratedLine

GENERATED = "generated.jsonl"
_LINE: TypeAdapter[GeneratedLine] = TypeAdapter(GeneratedLine)


def write_generated(path: Path, written: Written) -> None:
    """Writes a line for each Decision and each label; nothing where no model was asked."""
    if written.report is not None:
        write_lines(path, list_lines(written))


def list_lines(written: Written) -> Iterator[GeneratedLine]:
    """Yields what a model gave, by game."""
    for _, decisions in sorted(written.decisions.items()):
        yield from (GeneratedDecision(decision=decision) for decision in decisions)
    for game, labels in sorted(written.labels.items()):
        for option_id, label in sorted(labels.items()):
            yield GeneratedLabel(
                game=game,
                option_id=option_id,
                confidence=label.confidence,
                **label.values._asdict(),
            )


def write_lines(path: Path, lines: Iterator[GeneratedLine]) -> None:
    """Writes one line of JSON each."""
    text = "".join(f"{line.model_dump_json()}\n" for line in lines)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_lines(path: Path) -> list[GeneratedLine]:
    """Returns what stands in the file; nothing where there is none.

    Raises:
        SourceError: a line is not what it must be.
    """
    if not path.exists():
        return []
    lines: list[GeneratedLine] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            lines.append(_LINE.validate_json(line))
        except ValidationError as error:
            where = f"{path}, line {number}"
            found = error.errors(include_url=False)[0]["msg"]
            raise SourceError(where, found, "a Decision or a label", "Get it again") from error
    return lines


def gather_written(lines: list[GeneratedLine]) -> Written:
    """Returns what a model gave, as a run that asks it has it; without its report."""
    written = Written()
    for line in lines:
        if isinstance(line, GeneratedDecision):
            written.decisions[line.decision.game].append(line.decision)
        else:
            written.labels[line.game][line.option_id] = _read_label(line)
    return written


def _read_label(line: GeneratedLabel) -> ModelLabel:
    own_worse, own_better, others_better, others_worse = line.welfare
    welfare = (own_worse, own_better, others_better, others_worse)
    values = LabelValues(line.violations, line.watts, line.dollars, line.influence, welfare)
    return ModelLabel(values, line.confidence)
