"""`generated.jsonl`: what a model gave, whatever rows it became."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter

from generators.jsonl import read_records, write_records
from generators.sources.games.labels import LabelValues
from generators.writing.games import GameAdditions, GeneratedFromGames
from generators.writing.model_labels import ModelLabel
from schemas.generated import GeneratedDecision, GeneratedLabel, GeneratedLine

GENERATED = "generated.jsonl"
_LINE: TypeAdapter[GeneratedLine] = TypeAdapter(GeneratedLine)


def write_generated(path: Path, generated: GeneratedFromGames) -> None:
    """Writes a line for each Decision and each label; no file where no model was asked."""
    if generated.report is not None:
        write_lines(path, list_lines(generated.added))


def list_lines(added: GameAdditions) -> Iterator[GeneratedLine]:
    """Yields what a model gave, by game."""
    for _, decisions in sorted(added.decisions.items()):
        yield from (GeneratedDecision(decision=decision) for decision in decisions)
    for game, labels in sorted(added.labels.items()):
        for option_id, label in sorted(labels.items()):
            yield GeneratedLabel(
                game=game,
                option_id=option_id,
                confidence=label.confidence,
                **label.values._asdict(),
            )


def write_lines(path: Path, lines: Iterable[GeneratedLine]) -> None:
    """Writes one line of JSON each."""
    write_records(path, lines)


def read_lines(path: Path) -> list[GeneratedLine]:
    """Returns the lines of the file; none where there is no file.

    Raises:
        SourceError: a line is neither a Decision nor a label.
    """
    return read_records(path, _LINE, "a Decision or a label", "Get it again")


def gather_additions(lines: Iterable[GeneratedLine]) -> GameAdditions:
    """Returns what a model gave, as the run that asked it had it."""
    added = GameAdditions()
    for line in lines:
        if isinstance(line, GeneratedDecision):
            added.decisions[line.decision.game].append(line.decision)
        elif isinstance(line, GeneratedLabel):
            own_worse, own_better, others_better, others_worse = line.welfare
            welfare = (own_worse, own_better, others_better, others_worse)
            values = LabelValues(line.violations, line.watts, line.dollars, line.influence, welfare)
            added.labels[line.game][line.option_id] = ModelLabel(values, line.confidence)
    return added
