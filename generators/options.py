"""The options of the commands, each written once: its type, its default, its help, how it is read.

A function of the Python interface takes the fields of a dataclass below as keywords; its command
takes them as options of the same names.
"""

import functools
import inspect
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar, get_args, get_origin

from generators.errors import UsageError

P = ParamSpec("P")
Options = TypeVar("Options")
Result = TypeVar("Result")
First = TypeVar("First")
Name = TypeVar("Name", bound=str)
PathLike = str | os.PathLike[str]


class Unreadable(ValueError):
    """An option's text says nothing that the option could take."""


@dataclass(frozen=True)
class Option:
    """How an option is written on the command line."""

    help: str
    metavar: str | None = None
    read: Callable[[str], Any] = str
    """From its text to its value; raises Unreadable."""
    choices: tuple[str, ...] | None = None
    repeat: bool = False
    """Whether it may be given more than once; its value is then a list."""
    number: int = 1
    """How many values it takes; where more than one, they are a list."""
    optional: bool = False
    """Whether it stands without a name on the command line though it has a default."""
    flag: bool = False
    """Whether it is named on the command line though Python takes it by position."""
    default: str = ""
    """The default in words, where the value itself does not say it."""

    def show_default(self, value: object) -> str:
        """Returns the default in brackets; empty for none and for a switch that is off."""
        silent = value is None or value is False or value is inspect.Parameter.empty
        shown = self.default or ("" if silent else str(value))
        return f" (default: {shown})" if shown else ""


def takes(
    options: Callable[P, Options],
) -> Callable[[Callable[[Options], Result]], Callable[P, Result]]:
    """Makes a function of one options object take the fields of that object as keywords.

    So each option stands once, in the dataclass, and every function that takes it has its name,
    type and default.
    """

    def decorate(function: Callable[[Options], Result]) -> Callable[P, Result]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Result:
            return function(make_options(options, *args, **kwargs))

        _describe(call, options)
        return call

    return decorate


def takes_also(
    options: Callable[P, Options],
) -> Callable[[Callable[[First, Options], Result]], Callable[Concatenate[First, P], Result]]:
    """Does the same for a function whose first argument is no option."""

    def decorate(
        function: Callable[[First, Options], Result],
    ) -> Callable[Concatenate[First, P], Result]:
        @functools.wraps(function)
        def call(first: First, /, *args: P.args, **kwargs: P.kwargs) -> Result:
            return function(first, make_options(options, *args, **kwargs))

        _describe(call, options, *[*inspect.signature(function).parameters.values()][:1])
        return call

    return decorate


def make_options(options: Callable[P, Options], *args: P.args, **kwargs: P.kwargs) -> Options:
    """Returns the options object.

    Raises:
        UsageError: a keyword has no such option, or one is missing.
    """
    known = inspect.signature(options).parameters
    for name in kwargs:
        if name not in known:
            wanted = f"a keyword of this function{suggest(name, tuple(known))}"
            raise UsageError(name, "no such keyword", wanted, "See help()")
    return options(*args, **kwargs)


def _describe(
    function: Callable[..., Any], options: Callable[..., Any], *first: inspect.Parameter
) -> None:
    """Gives a function the signature that its callers see, and its keywords in its docstring."""
    known = inspect.signature(options).parameters.values()
    shown = [each.replace(annotation=_find_type(each.annotation)) for each in known]
    returns = inspect.signature(function).return_annotation
    signature = inspect.Signature([*first, *shown], return_annotation=returns)
    function.__signature__ = signature  # type: ignore[attr-defined]
    lines = [
        f"    {each.name}: {option.help}{option.show_default(each.default)}."
        for each in known
        if (option := find_option(each.annotation)) is not None
    ]
    docstring = inspect.cleandoc(function.__doc__ or "")
    function.__doc__ = "\n".join([docstring, "", "Keywords:", *lines])


def find_option(annotation: Any) -> Option | None:
    """Returns the option that a parameter is annotated with; None for one of Python's alone."""
    if get_origin(annotation) is not Annotated:
        return None
    return next((each for each in get_args(annotation)[1:] if isinstance(each, Option)), None)


def _find_type(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def suggest(name: str, known: Sequence[str]) -> str:
    """Returns ` (did you mean deception?)` for the nearest known name; empty if none is near."""
    from difflib import get_close_matches

    from schemas.labels import SYNONYMS

    meant = SYNONYMS.get(name.lower())
    near = [meant] if meant in known else get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def choose(option: str, wanted: Sequence[str] | None, known: Sequence[Name]) -> tuple[Name, ...]:
    """Returns the wanted names (all, if None) in the order in which they are known.

    Raises:
        UsageError: one of them is not known.
    """
    if isinstance(wanted, str):
        wanted = names(wanted)
    for name in wanted or ():
        if name not in known:
            listed = f"some of {','.join(known)}{suggest(name, known)}"
            raise UsageError(option, f"'{name}'", listed, "See --help")
    return tuple(name for name in known if wanted is None or name in wanted)


def read_path(option: str, path: PathLike) -> Path:
    """Returns a path that a caller names.

    Args:
        option: the option that names it, for messages.
        path: the path.

    Raises:
        UsageError: it is empty, not UTF-8 (as Arrow needs it), or its links go round in a circle.
    """
    try:
        return folder(os.fspath(path))
    except Unreadable as error:
        found, _, wanted = str(error).partition("; expected ")
        raise UsageError(option, found.removeprefix("found "), wanted, "Correct it") from None


# How the text of an option is read.


def folder(text: str) -> Path:
    """Returns the path of a folder; its name must be UTF-8, as Arrow wants it."""
    if not text:
        raise Unreadable("found nothing; expected the name of a folder")
    path = _check_links(Path(text))
    try:
        (text + str(path.absolute())).encode()
    except UnicodeEncodeError:
        shown = ascii(str(path.absolute()))
        raise Unreadable(f"found {shown}; expected a name in UTF-8") from None
    return path


def file(text: str) -> Path:
    """Returns the path of a file."""
    if not text:
        raise Unreadable("found nothing; expected the name of a file")
    return _check_links(Path(text))


def _check_links(path: Path) -> Path:
    try:
        path.resolve()
    except RuntimeError:  # what Python before 3.13 raises for a loop of links
        found = f"found links in a circle at {ascii(str(path))}"
        raise Unreadable(f"{found}; expected a path that ends somewhere") from None
    return path


def named_file(text: str) -> tuple[str, Path | None]:
    """Returns a name and the path of its file; None where the name stands alone."""
    name, equals, path = text.partition("=")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name) or (equals and not path):
        wanted = "NAME=FILE, a name of letters, digits, . _ and -"
        raise Unreadable(f"found {ascii(text)[:80]}; expected {wanted}")
    return name, Path(path) if equals else None


def name(text: str) -> str:
    """Returns a name that is not blank; it must be UTF-8, as it is sent and stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable(f"found {ascii(text)}; expected a name in UTF-8") from None
    if not text.strip():
        raise Unreadable("found nothing; expected a name")
    return text


def names(text: str) -> tuple[str, ...]:
    """Returns comma-separated names, each once."""
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not found:
        raise Unreadable("found nothing; expected names with commas between")
    return found


def dollars(text: str) -> float:
    """Returns a sum of money of 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise Unreadable(f"found '{text}'; expected dollars, such as 2.50")
    return number


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Returns what reads whole numbers from `least` on, up to `most`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise Unreadable(f"found '{text}'; expected a whole number of {least} or more")
        if most is not None and number > most:
            raise Unreadable(f"found '{text}'; expected {most:,} or less")
        return number

    return read


def any_number(text: str) -> int:
    """Returns a whole number, of either sign."""
    try:
        return int(text)
    except ValueError:
        raise Unreadable(f"found '{text}'; expected a whole number") from None
