"""What the command takes; it imports nothing heavy."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from generators.options import Option, PathLike, file, name, names, whole_number
from generators.options import folder as read_folder

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class ActivationOptions:
    """What is read, and in which model."""

    folder: Annotated[
        PathLike | None, Option("a dataset folder", "FOLDER", read_folder, optional=True)
    ] = None
    _: KW_ONLY
    model: Annotated[
        Sequence[str],
        Option(
            "a model's folder, a GGUF file, or a name on the Hub such as org/name, which is"
            " downloaded; for --network it may be given twice",
            "MODEL", name, repeat=True,
        ),
    ]  # fmt: skip
    config: Annotated[
        str | None, Option("config of FOLDER whose rows are read, such as contrastive", "C", name)
    ] = None
    pair: Annotated[
        Sequence[str] | None,
        Option("two prompts: which components and tokens differ", "TEXT", number=2),
    ] = None
    first: Annotated[
        PathLike | None,
        Option("a set of texts (a line each, or JSONL with text, or prompt and completion)",
               "FILE", file),
    ] = None  # fmt: skip
    second: Annotated[PathLike | None, Option("the set that it is compared with", "FILE", file)] = (
        None
    )
    patch: Annotated[
        bool,
        Option("exchange states between the sides of pairs (FOLDER --config, or --pair)"),
    ] = False
    source_model: Annotated[
        str | None,
        Option("with --patch: take the states of the same texts from this model", "MODEL", name),
    ] = None
    steer: Annotated[
        bool, Option("add the direction of train to held-out rows (FOLDER --config)")
    ] = False
    network: Annotated[
        bool, Option("compare the directions of contrasts with the concept network (FOLDER)")
    ] = False
    near: Annotated[
        PathLike | None,
        Option("with --network: a folder whose behaviors' nearest concepts are listed", "FOLDER",
               read_folder),
    ] = None  # fmt: skip
    rows: Annotated[
        int | None,
        Option(
            "most menus (pairs, paths), and prompts, of each behavior or axis", "N",
            whole_number(1),
            default="300; 60 with --patch, 32 with --steer",
        ),
    ] = None  # fmt: skip
    behaviors: Annotated[
        tuple[str, ...] | None,
        Option("only these behaviors or themes of FOLDER", "A,B", names, default="all"),
    ] = None
    layer: Annotated[
        int | None,
        Option("with --steer: blocks before the direction is added", "N", whole_number(0),
               default="half of them"),
    ] = None  # fmt: skip
    device: Annotated[
        str | None,
        Option("where the model runs", choices=DEVICES, default="a GPU where there is one"),
    ] = None
    out: Annotated[
        PathLike | None,
        Option(
            "file for the result as JSON; a figure and the differences (safetensors) go beside it",
            "FILE.json", file,
        ),
    ] = None  # fmt: skip
    cache: Annotated[
        PathLike | None,
        Option(
            "folder that keeps activations, so that a run that was stopped goes on", "DIR",
            read_folder,
            default="FOLDER.activations",
        ),
    ] = None  # fmt: skip
