"""Shows what prompts or a dataset do inside a real model: activations compared and changed."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from generators import cli
from generators.activations.options import ActivationOptions
from generators.errors import UsageError

EXAMPLES = (
    '--pair "He took the bribe." "He took the bill." --model org/name',
    "--first calm.txt --second angry.txt --model models/my-model",
    "datasets/machiavelli --config contrastive --model model.gguf --rows 100",
    "datasets/concepts --config minimal_pairs --patch --model model.gguf --out patch.json",
    "datasets/concepts --network --model model.gguf --near datasets/machiavelli",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = cli.Parser("activations", __doc__ or "", EXAMPLES, ActivationOptions)
    return cli.run(parser, handle, argv)


def handle(given: cli.Given) -> None:
    """Reads the model, and prints what is found in it."""
    options = ActivationOptions(**given.of(ActivationOptions))
    check(options)
    for line in run(options):
        cli.show(line)


def check(options: ActivationOptions) -> None:
    """Raises UsageError where options do not go together, before a model is loaded."""
    kinds = {
        "--pair": options.pair is not None,
        "--first and --second": options.first is not None or options.second is not None,
        "FOLDER": options.folder is not None,
    }
    named = [name for name, given in kinds.items() if given]
    if len(named) != 1:
        found = " beside ".join(named) or "nothing to read"
        wanted = "FOLDER, or --pair, or --first and --second"
        raise UsageError("activations", found, wanted, "See --help")
    if kinds["--first and --second"] and (options.first is None or options.second is None):
        raise UsageError("--first and --second", "one of them", "both", "Name the other file")
    if options.pair is not None and ("" in options.pair or options.pair[0] == options.pair[1]):
        found = "an empty text" if "" in options.pair else "the same text twice"
        raise UsageError("--pair", found, "two texts that differ", "Change one")
    needs = (
        ("--source-model", options.source_model is not None, "--patch", options.patch),
        ("--near", options.near is not None, "--network", options.network),
        ("--layer", options.layer is not None, "--steer", options.steer),
        ("--config", options.config is not None, "FOLDER", options.folder is not None),
        ("--behaviors", options.behaviors is not None, "FOLDER", options.folder is not None),
        ("--steer", options.steer, "FOLDER", options.folder is not None),
        ("--network", options.network, "FOLDER", options.folder is not None),
        ("--patch", options.patch, "FOLDER or --pair", options.first is None),
    )
    for option, is_given, needed, is_there in needs:
        if is_given and not is_there:
            raise UsageError(option, f"no {needed}", f"{needed} beside it", "Add it")
    intervenes = options.patch or options.steer
    if options.out is not None and options.folder is not None and not intervenes:
        wanted = "none: what is measured of a folder goes into it"
        raise UsageError("--out", "a file", wanted, "Leave it out")
    if sum((options.patch, options.steer, options.network)) > 1:
        found, wanted = "more than one", "one of --patch, --steer and --network"
        raise UsageError("activations", found, wanted, "Leave the others out")
    most = 2 if options.network else 1
    if len(options.model) > most:
        wanted = "one, or two with --network"
        raise UsageError("--model", f"{len(options.model)} models", wanted, "Leave the others out")


def run(options: ActivationOptions) -> Iterator[str]:
    """Yields what is printed, as it is found."""
    from generators.activations import calls
    from generators.activations.reader import open_model

    calls.check_files(options)
    progress = cli.TerminalProgress()
    cache = options.cache
    if cache is None and options.folder is not None:
        folder = Path(options.folder)
        cache = folder.parent / f"{folder.resolve().name}.activations"
    models = [open_model(each, options.device, cache) for each in options.model]
    model, second = models[0], models[1] if len(models) > 1 else None
    if options.patch:
        source = options.source_model
        giver = open_model(source, options.device) if source is not None else None
        yield from calls.run_patch(options, model, giver, progress)
    elif options.steer:
        yield from calls.run_steer(options, model, progress)
    elif options.network:
        yield from calls.run_network(options, model, second, progress)
    elif options.pair is not None:
        yield from calls.run_pair(options, model)
    elif options.first is not None:
        yield from calls.run_sets(options, model, progress)
    else:
        yield from calls.run_folder(options, model, progress)


if __name__ == "__main__":
    sys.exit(main())
