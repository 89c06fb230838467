"""The options that commands share: how a model is asked, and what every build takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from generators.options import Option, PathLike, dollars, file, folder, name, whole_number


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How a model is asked."""

    base_url: Annotated[
        str | None, Option("an OpenAI-compatible server", "URL", default="OpenAI's")
    ] = None
    responses: Annotated[
        PathLike | None,
        Option(
            "the response log: no answer is paid for twice",
            "FILE",
            file,
            default="OUT.responses.sqlite",
        ),
    ] = None
    concurrency: Annotated[
        int, Option("most requests at one time", "N", whole_number(1, 10_000))
    ] = 64
    rpm: Annotated[int | None, Option("most requests a minute", "N", whole_number(1))] = None
    tpm: Annotated[int | None, Option("most tokens a minute", "N", whole_number(1))] = None
    max_tokens: Annotated[
        int | None,
        Option(
            "most tokens of an answer, such as for a small model that repeats itself without end;"
            " another number makes other requests",
            "N",
            whole_number(1),
            default="of each task",
        ),
    ] = None
    max_cost: Annotated[
        float | None, Option("stop before the run costs more than this", "USD", dollars)
    ] = None
    prices: Annotated[
        PathLike | None,
        Option("prices of your own (JSON), for models that have no known price", "FILE", file),
    ] = None
    batch: Annotated[
        bool,
        Option(
            "ask through the provider's Batch API, at half the price; leave the run and repeat"
            " the command later to collect the answers"
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class BatchFolderOptions:
    """Requests as files, for an engine on any number of machines."""

    batch_folder: Annotated[
        PathLike | None,
        Option(
            "take the answer files in this folder, write what is left to ask there as files of the"
            " OpenAI Batch form, and leave; repeat the command once they are answered",
            "DIR",
            folder,
        ),
    ] = None
    lines_per_file: Annotated[
        int, Option("most requests in one file of --batch-folder", "N", whole_number(1))
    ] = 50_000


def name_log(out: Path) -> Path:
    """Returns the response log of a run that writes to `out`, where no other is named."""
    return out.parent / f"{out.name}.responses.sqlite"


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which models write and judge."""

    model: Annotated[
        str | None, Option("also write generated rows with this model", "NAME", name)
    ] = None
    judge_model: Annotated[
        str | None,
        Option("the model that judges, without seeing labels", "NAME", name, default="--model"),
    ] = None
    recorded: Annotated[
        PathLike | None,
        Option("answer from this JSONL of recorded responses only; send nothing", "FILE", file),
    ] = None
    repairs: Annotated[
        int,
        Option(
            "times a refused answer is asked again, with what is wrong with it", "N",
            whole_number(0),
        ),
    ] = 1  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """What is measured of the rows."""

    no_report: Annotated[bool, Option("measure nothing: write rows, manifest and card only")] = (
        False
    )
    strict: Annotated[bool, Option("exit with 1 when a required check fails")] = False


@dataclass(frozen=True, kw_only=True)
class DryRunOptions:
    """Whether a command builds at all."""

    dry_run: Annotated[
        bool, Option("print what would be asked and what it would cost; ask nothing")
    ] = False


@dataclass(frozen=True)
class RunOptions(EngineOptions, BatchFolderOptions, ModelOptions, CheckOptions):
    """What every command takes that builds a folder."""

    out: Annotated[
        PathLike, Option("dataset folder to write; replaces what is there", "DIR", folder)
    ]
