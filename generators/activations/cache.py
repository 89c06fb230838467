"""Keeps activations on disk, so that a run that was stopped goes on; imports safetensors."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from generators.activations.states import PLACES, Activations, Component, Floats, Passage, Place
from generators.errors import ActivationError
from schemas.base import StrictModel

if TYPE_CHECKING:
    safetensors: Any  # its types are not known where it is not installed
else:
    try:
        import safetensors.numpy
    except ImportError:
        safetensors = None

AT_ONCE = 128
"""Passages of one file."""
Read = Callable[[Sequence[Passage], Sequence[Component]], Activations]


class _Row(NamedTuple):
    """Where the states of a passage are."""

    path: Path
    place: int
    tokens: int


def save_arrays(path: Path, arrays: Mapping[Component, Floats], about: StrictModel) -> None:
    """Writes arrays by name, with what they are about."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = {name: np.ascontiguousarray(each) for name, each in arrays.items()}
    safetensors.numpy.save_file(held, path, metadata={"about": about.model_dump_json()})


class Cache:
    """The activations of one model, in files of some passages each."""

    def __init__(self, folder: Path, model: str) -> None:
        """Finds what is there.

        Args:
            folder: Holds a folder for each model.
            model: sha256 of its weights.
        """
        self._folder = folder / model[:16]
        self._known: dict[tuple[str, Component], _Row] = {}
        for path in sorted(self._folder.glob("*.safetensors")):
            self._index(path)

    def complete(
        self,
        passages: Sequence[Passage],
        components: Sequence[Component],
        read: Read,
        progress: Callable[[int], None],
    ) -> Activations:
        """Returns the states of passages: those that are kept, and of the others what is read.

        Args:
            passages: What is wanted.
            components: Which states.
            read: Reads them in the model.
            progress: Told how many passages are done.
        """
        names = [_name(each) for each in passages]
        lacking = {
            name: passage
            for name, passage in zip(names, passages, strict=True)
            if any((name, component) not in self._known for component in components)
        }
        done = sum(name not in lacking for name in names)
        progress(done)
        for some in _part(sorted(lacking.items(), key=lambda each: each[1])):
            found = read([passage for _, passage in some], components)
            self._save([name for name, _ in some], found)
            done += sum(names.count(name) for name, _ in some)
            progress(done)
        return self._load(names, components)

    def _save(self, names: Sequence[str], found: Activations) -> None:
        """Writes a file whole, or not at all."""
        components = sorted({component for component, _ in found.states})
        digest = sha256("/".join([*components, *names]).encode()).hexdigest()
        path = self._folder / f"{digest[:32]}.safetensors"
        about = {"names": names, "tokens": found.tokens.tolist(), "components": components}
        arrays = {"/".join(key): np.ascontiguousarray(each) for key, each in found.states.items()}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            safetensors.numpy.save_file(arrays, new, metadata={"about": json.dumps(about)})
            os.replace(new, path)
        except (OSError, safetensors.SafetensorError) as error:
            found_, wanted = str(error).split("\n")[0], "a folder that can be written"
            remedy = "Make room, or name another with --cache"
            raise ActivationError(f"--cache {self._folder}", found_, wanted, remedy) from error
        self._index(path)

    def _index(self, path: Path) -> None:
        """Notes what a file holds; one that cannot be read holds nothing."""
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                about = json.loads(file.metadata()["about"])
                rows = zip(about["names"], about["tokens"], strict=True)
                found = {
                    (name, component): _Row(path, place, tokens)
                    for place, (name, tokens) in enumerate(rows)
                    for component in about["components"]
                }
        except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError):
            return
        self._known |= found

    def _load(self, names: Sequence[str], components: Sequence[Component]) -> Activations:
        states: dict[tuple[Component, Place], Floats] = {}
        for component in components:
            files: dict[Path, list[tuple[int, int]]] = {}
            for at, name in enumerate(names):
                row = self._known[name, component]
                files.setdefault(row.path, []).append((at, row.place))
            for path, rows in files.items():
                with safetensors.safe_open(path, framework="numpy") as file:
                    for place in PLACES:
                        held: Floats = file.get_tensor(f"{component}/{place}")
                        shape = (len(names), *held.shape[1:])
                        into = states.setdefault((component, place), np.empty(shape, np.float32))
                        for at, source in rows:
                            into[at] = held[source]
        tokens = [self._known[name, components[0]].tokens for name in names]
        return Activations(states, np.array(tokens, np.int32))


def _name(passage: Passage) -> str:
    """Returns a hash of both texts and where one ends."""
    return sha256(json.dumps(passage, ensure_ascii=True).encode()).hexdigest()


def _part(
    items: Sequence[tuple[str, Passage]],
) -> Iterator[list[tuple[str, Passage]]]:
    """Yields so many passages at a time, and a few more where they share a prompt."""
    part: list[tuple[str, Passage]] = []
    for item in items:
        if len(part) >= AT_ONCE and item[1].prompt != part[-1][1].prompt:
            yield part
            part = []
        part.append(item)
        if len(part) >= 2 * AT_ONCE:
            yield part
            part = []
    if part:
        yield part
