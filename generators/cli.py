"""What all commands share: options from signatures, one-line errors, exit statuses, progress."""

import argparse
import inspect
import io
import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from generators.errors import GeneratorError, Unfinished, UsageError
from generators.options import Option, Unreadable, find_option, suggest
from generators.publish import push
from generators.publish.options import PushOptions, TargetOptions
from generators.run_options import DryRunOptions, RunOptions
from generators.text import make_visible

if TYPE_CHECKING:
    from argparse import _ArgumentGroup as _Group  # pyright: ignore[reportPrivateUsage]

    from tqdm import tqdm

    from generators.dataset.build import Built
    from generators.writing.plan import Plan

INTERRUPTED = 130
LAST_STREAM = 2
"""Number of standard error."""
AGAIN_AFTER = 0.01
"""Seconds until an interrupt that was lost is sent again."""


class Given:
    """The options of a run, by name."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def of(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Returns those that a function takes, as its keywords."""
        return {
            name: self._values[name]
            for name in inspect.signature(function).parameters
            if name in self._values
        }

    def check_needed(self, name: str, function: Callable[..., Any]) -> None:
        """Raises UsageError where an option of a function is given without the one it needs."""
        if self._values[name] is not None:
            return
        for parameter in inspect.signature(function).parameters.values():
            if self._values[parameter.name] != parameter.default:
                option, flag = f"--{parameter.name.replace('_', '-')}", f"--{name}"
                raise UsageError(option, f"no {flag}", f"{flag} beside it", "Add it")


class Parser(argparse.ArgumentParser):
    """Reads what some functions take; its errors are one line, and it takes no shortened options.

    A parameter that is annotated with an `Option` is an option of the command: a positional one if
    it may be given by position and has no default.
    """

    def __init__(
        self,
        command: str,
        description: str,
        examples: Sequence[str] = (),
        *functions: Callable[..., Any],
    ) -> None:
        dot, base = (" ", "contrapose") if is_console_script() else (".", "python -m generators")
        program = f"{base}{dot}{command}" if command else base
        shown = "\n".join(f"  {program} {example}".rstrip() for example in examples)
        super().__init__(
            prog=program,
            description=description,
            epilog=f"examples:\n{shown}" if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._known: list[str] = []
        for function in functions:
            groups: dict[str, _Group] = {}
            for parameter in inspect.signature(function).parameters.values():
                title = _find_title(function, parameter.name)
                if title not in groups:
                    groups[title] = self.add_argument_group(title)
                self._add(parameter, groups[title])

    def _add(self, parameter: inspect.Parameter, group: "_Group") -> None:
        option = find_option(parameter.annotation)
        if option is None or parameter.name in self._known:
            return
        self._known.append(parameter.name)
        missing = parameter.default is inspect.Parameter.empty
        settings: dict[str, Any] = {"help": option.help}
        read = _read_choice(option.choices) if option.choices else option.read
        settings["type"] = _read_with(read)
        metavar = f"{{{','.join(option.choices)}}}" if option.choices else option.metavar
        if metavar:
            settings["metavar"] = metavar
        positional = parameter.kind is not inspect.Parameter.KEYWORD_ONLY and not option.flag
        if positional and (missing or option.optional):
            group.add_argument(parameter.name, **settings, **_count_values(option, parameter))
            return
        flag = f"--{parameter.name.replace('_', '-')}"
        if parameter.default is False:
            group.add_argument(flag, action="store_true", help=option.help)
            return
        settings["help"] += option.show_default(parameter.default)
        if missing:
            settings["required"] = True
        else:
            settings["default"] = parameter.default
        if option.repeat:
            settings["action"] = "append"
        if option.number > 1:
            settings["nargs"] = option.number
        group.add_argument(flag, **settings)

    def read(self, argv: Sequence[str] | None) -> Given:
        """Returns the options of a command line; exits with 2 where it cannot be read."""
        found, unknown = self.parse_known_args(argv)
        if unknown:
            flags = ["--help", *(f"--{name.replace('_', '-')}" for name in self._known)]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{suggest(unknown[0], flags)}")
        return Given(vars(found))

    def error(self, message: str) -> NoReturn:
        """Exits with status 2 and one line."""
        if "; expected " not in message:
            message += "; expected what --help lists"
        self.exit(2, make_visible(f"{self.prog}: {message}. See --help.\n"))


def _count_values(option: Option, parameter: inspect.Parameter) -> dict[str, Any]:
    """Returns how often a positional option may be given, in terms of argparse."""
    if parameter.default is not inspect.Parameter.empty:
        return {"nargs": "?", "default": parameter.default}
    return {"nargs": "+"} if option.repeat else {}


def is_console_script() -> bool:
    """Returns whether this process was started as `contrapose`, and not with `python -m`."""
    return bool(sys.argv) and Path(sys.argv[0]).stem == "contrapose"


def _find_title(function: Callable[..., Any], name: str) -> str:
    """Returns what an option belongs to: the docstring of the dataclass that defines it."""
    owners = inspect.getmro(function) if inspect.isclass(function) else ()
    owner = next((each for each in owners if name in inspect.get_annotations(each)), function)
    line = (inspect.getdoc(owner) or "options").splitlines()[0].rstrip(".")
    return line[0].lower() + line[1:]


def _read_with(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return read(text)
        except Unreadable as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _read_choice(choices: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise Unreadable(f"'{text}'; expected {' or '.join(choices)}{suggest(text, choices)}")
        return text

    return read


def run(parser: Parser, handle: Callable[[Given], int | None], argv: Sequence[str] | None) -> int:
    """Returns the exit status of a command; errors become one line on standard error."""
    _replace_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _end_on_terminate():
            return handle(parser.read(argv)) or 0
    except Unfinished as left:
        show(str(left))
        return left.exit_status
    except GeneratorError as error:
        complain(str(error))
        return error.exit_status
    except OSError as error:
        complain(str(explain(error, parser.prog)))
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run is about to end already
        wanted = "to run to its end. Run it again; a dataset folder that is there is whole"
        complain(f"{parser.prog}: interrupted; expected {wanted}.")
        return INTERRUPTED


def _replace_closed_streams() -> None:
    """Lets what goes to a closed stream go nowhere; else the next file would get its number."""
    while (null := os.open(os.devnull, os.O_RDWR)) <= LAST_STREAM:
        pass
    if sys.stderr is None:
        sys.stderr = open(null, "w", encoding="utf-8")  # pyright: ignore[reportUnreachable]
    else:
        os.close(null)


@contextmanager
def _end_on_terminate() -> Generator[None]:
    """Lets SIGTERM end a command as Ctrl-C does.

    Neither is lost where it comes in the midst of a destructor, which no exception can leave.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    report = sys.unraisablehook

    def interrupt_again(lost: "sys.UnraisableHookArgs") -> None:
        if lost.exc_type is KeyboardInterrupt:
            threading.Timer(AGAIN_AFTER, _interrupt).start()
        else:
            report(lost)

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = interrupt_again
    try:
        yield
    finally:
        sys.unraisablehook = report
        signal.signal(signal.SIGTERM, before)


def _interrupt() -> None:
    """Interrupts the main thread, also where it waits."""
    if sys.platform == "win32":
        interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def complain(line: str) -> None:
    """Prints to standard error; a reader that has gone away is no error."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)


def run_build(
    parts: tuple[str, str, Sequence[str]],
    options: type[RunOptions],
    build: "Callable[..., Built]",
    plan: "Callable[..., Plan]",
    argv: Sequence[str] | None,
) -> int:
    """Returns the exit status; prints what was built, or what that would ask of models and cost.

    Args:
        parts: the command's name, what it does, and examples of its options.
        options: what `build` and `plan` take.
        build: writes the folder.
        plan: counts what `build` would ask.
        argv: the command line; None for that of the process.
    """

    def handle(given: Given) -> None:
        given.check_needed("push", TargetOptions)
        progress = TerminalProgress()
        keywords: dict[str, Any] = given.of(options) | {"progress": progress, "strict": False}
        if given["dry_run"]:
            show(str(plan(**keywords)))
            return
        built = build(**keywords)
        show(built.summarize(color=is_terminal()), clean=True)
        if given["strict"]:
            built.check()
        if given["push"] is not None:
            shown = TerminalProgress(show)
            target = given.of(TargetOptions)
            show(repr(push(built.folder, given["push"], **target, progress=shown)))

    return run(Parser(*parts, options, DryRunOptions, PushOptions), handle, argv)


def explain(error: OSError, command: str) -> GeneratorError:
    """Returns a one-line error for what the file system refused unexpectedly."""
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else command
    wanted, remedy = "files and folders that can be reached", "Check the path and its permissions"
    return GeneratorError(where, error.strerror or str(error), wanted, remedy)


def show(text: str, *, clean: bool = False) -> None:
    """Prints to standard output, if there is one; a reader that has gone away is no error.

    Args:
        text: what to print; what a terminal would obey in it is written out.
        clean: whether that was done already, and what is left is meant.

    Raises:
        GeneratorError: it cannot be written, because its disk is full.
    """
    if sys.stdout is None:
        return
    try:
        print(text if clean else make_visible(text), flush=True)
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        found, remedy = error.strerror or str(error), "The work itself is done"
        raise GeneratorError("standard output", found, "room to write", remedy) from error


def is_terminal() -> bool:
    """Returns whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _silence(stream: TextIO) -> None:
    """Lets what is still written to a stream go nowhere, also what Python writes at its end."""
    with suppress(OSError, ValueError):  # it has no number where a test or a notebook replaced it
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class TerminalProgress:
    """Shows progress on standard error, where that is a terminal: a bar with rate and time left."""

    def __init__(self, show: Callable[[str], None] | None = None) -> None:
        """Begins with no bar; lines go to standard error, or where `show` puts them."""
        self._bar: tqdm[NoReturn] | None = None
        self._show = show

    def start(self, doing: str, total: int | None, unit: str) -> None:
        """Begins a bar."""
        from tqdm import tqdm

        self.end()
        with _unheard():
            self._bar = tqdm(
                total=total, desc=make_visible(doing), unit=unit, disable=None, leave=False
            )

    def advance(self, number: int = 1) -> None:
        """Moves the bar on."""
        if self._bar is not None:
            with _unheard():
                self._bar.update(number)

    def note(self, text: str) -> None:
        """Shows a few words beside the bar."""
        if self._bar is not None:
            self._bar.set_postfix_str(make_visible(text), refresh=False)

    def show(self, line: str) -> None:
        """Shows a line, above a bar that is there."""
        from tqdm import tqdm

        if self._show is None:
            with _unheard():
                tqdm.write(make_visible(line), file=sys.stderr)
        else:
            self._show(line)

    def end(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            with _unheard():
                self._bar.close()
            self._bar = None


@contextmanager
def _unheard() -> Generator[None]:
    """Goes on where nobody reads standard error any more."""
    try:
        yield
    except OSError:
        _silence(sys.stderr)
