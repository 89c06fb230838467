"""What all commands share: one-line errors, exit codes, number formats. Imports nothing heavy."""

import argparse
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from generators.errors import GeneratorError, UsageError
from generators.progress import track

if TYPE_CHECKING:
    from tqdm import tqdm

Handler = Callable[[argparse.Namespace], int]
Result = TypeVar("Result")
Name = TypeVar("Name", bound=str)

INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and that takes no shortened options."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Exits with status 2 and one line."""
        if "; expected " not in message:
            message += "; expected what --help lists"
        self.exit(2, f"{self.prog}: {message}. See --help.\n")


def run(parser: argparse.ArgumentParser, handler: Handler, argv: Sequence[str] | None) -> int:
    """Returns the exit status of a command; errors become one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return handler(parser.parse_args(argv))
    except GeneratorError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except OSError as error:
        print(explain(error, parser.prog), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is heard, and the end is near
        wanted = "to run to its end. Run it again; a dataset folder that is there is whole"
        print(f"{parser.prog}: interrupted; expected {wanted}.", file=sys.stderr)
        return INTERRUPTED


def explain(error: OSError, command: str) -> GeneratorError:
    """Returns a one-line error for what the file system refused where nobody expected it to."""
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else command
    wanted, remedy = "files and folders that can be reached", "Check the path and its permissions"
    return GeneratorError(where, error.strerror or str(error), wanted, remedy)


def show(text: str) -> None:
    """Prints to standard output, if there is one; a reader that has gone away is no error.

    Raises:
        GeneratorError: it cannot be written, for its disk is full.
    """
    if sys.stdout is None:
        return
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _silence_stdout()
    except OSError as error:
        _silence_stdout()
        found, remedy = error.strerror or str(error), "The work itself is done"
        raise GeneratorError("standard output", found, "room to write", remedy) from error


def is_terminal() -> bool:
    """Returns whether standard output is looked at by somebody."""
    return sys.stdout is not None and sys.stdout.isatty()


def _silence_stdout() -> None:
    """Lets what Python would still write at its end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def folder(text: str) -> Path:
    """Returns the path of a folder; its name must be UTF-8, as Arrow wants it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        wanted = "a name in UTF-8"
        raise argparse.ArgumentTypeError(f"found {ascii(text)}; expected {wanted}") from None
    if not text:
        raise argparse.ArgumentTypeError("found nothing; expected the name of a folder")
    return _check_links(Path(text))


def file(text: str) -> Path:
    """Returns the path of a file."""
    if not text:
        raise argparse.ArgumentTypeError("found nothing; expected the name of a file")
    return _check_links(Path(text))


def _check_links(path: Path) -> Path:
    try:
        path.resolve()
    except RuntimeError:  # Python before 3.13 has no other word for it
        wanted = "a path that ends somewhere"
        found = f"found links in a circle at {ascii(str(path))}"
        raise argparse.ArgumentTypeError(f"{found}; expected {wanted}") from None
    return path


def named_file(text: str) -> tuple[str, Path | None]:
    """Returns a name and the path of its file; None where the name stands alone."""
    name, equals, path = text.partition("=")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name) or (equals and not path):
        wanted = "NAME=FILE, a name of letters, digits, . _ and -"
        raise argparse.ArgumentTypeError(f"found {ascii(text)[:80]}; expected {wanted}")
    return name, Path(path) if equals else None


def name(text: str) -> str:
    """Returns a name that says something; it must be UTF-8, as it is sent and stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        wanted = "a name in UTF-8"
        raise argparse.ArgumentTypeError(f"found {ascii(text)}; expected {wanted}") from None
    if not text.strip():
        raise argparse.ArgumentTypeError("found nothing; expected a name")
    return text


def amount(text: str) -> float:
    """Returns a sum of money of 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"found '{text}'; expected dollars, such as 2.50")
    return number


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Returns a parser of whole numbers from `least` on, up to `most`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            wanted = f"a whole number of {least} or more"
            raise argparse.ArgumentTypeError(f"found '{text}'; expected {wanted}")
        if most is not None and number > most:
            raise argparse.ArgumentTypeError(f"found '{text}'; expected {most:,} or less")
        return number

    return parse


def any_number(text: str) -> int:
    """Returns a whole number, of either sign."""
    try:
        return int(text)
    except ValueError:
        message = f"found '{text}'; expected a whole number"
        raise argparse.ArgumentTypeError(message) from None


def names(text: str) -> tuple[str, ...]:
    """Returns comma-separated names, each once."""
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not found:
        raise argparse.ArgumentTypeError("found nothing; expected names with commas between")
    return found


def choose(option: str, wanted: Sequence[str] | None, known: Sequence[Name]) -> tuple[Name, ...]:
    """Returns the wanted names (all, if None) in the order in which they are known.

    Raises:
        UsageError: one of them is not known.
    """
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        names_known = f"some of {','.join(known)}"
        raise UsageError(option, f"'{unknown[0]}'", names_known, "See --help")
    return tuple(name for name in known if wanted is None or name in wanted)


def show_progress(results: Iterator[Result], total: int, doing: str) -> Iterator[Result]:
    """Yields the results, with a progress bar of games on a terminal."""
    return track(results, Terminal(), doing, total, "game")


def show_rows(
    results: Iterable[Result], doing: str, count: Callable[[Result], int]
) -> Iterator[Result]:
    """Yields the results, with the number of rows in them so far on a terminal."""
    progress = Terminal()
    progress.start(doing, None, "row")
    try:
        for result in results:
            yield result
            progress.advance(count(result))
    finally:
        progress.end()


def show_configs(names: Sequence[str]) -> Iterator[str]:
    """Yields the names of configs, with a bar of how many are measured on a terminal."""
    progress = Terminal()
    for name in track(names, progress, "measuring", len(names), "config"):
        progress.note(name)
        yield name


class Terminal:
    """Shows progress on standard error, where that is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None

    def start(self, doing: str, total: int | None, unit: str) -> None:
        """Begins a bar."""
        from tqdm import tqdm

        self.end()
        self._bar = tqdm(total=total, desc=doing, unit=unit, disable=None, leave=False)

    def advance(self, number: int = 1) -> None:
        """Moves the bar on."""
        if self._bar is not None:
            self._bar.update(number)

    def note(self, text: str) -> None:
        """Shows a few words beside the bar."""
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)

    def show(self, line: str) -> None:
        """Shows a line on standard error."""
        from tqdm import tqdm

        tqdm.write(line, file=sys.stderr)

    def end(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
