"""Finds the parts of a model by what they do, not by what they are called.

The blocks are the longest list of modules. What mixes positions in a block is its attention, what
holds the most other weights its MLP. The output of the last weights in attention is what attention
adds, and their input is the heads, side by side.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

from generators.activations.hooks import Module, Tensor, find_states, take_first
from generators.errors import ActivationError

SAME = 1e-4
"""States that are computed in two ways and the same differ by at most this share of their size."""


class Block(NamedTuple):
    """One block of a model."""

    whole: Module
    """Its input and output are the residual stream."""
    attention: Module | None
    """Its output is what attention adds to the stream; None where that is not told apart."""
    mlp: Module | None
    """Its output is what the MLP adds."""
    projection: Module | None
    """Its input is the heads of attention, side by side."""


@dataclass(frozen=True)
class Layout:
    """The parts of a model that can be read and changed."""

    blocks: tuple[Block, ...]
    heads: int
    """Attention heads of a block; 0 where they are not told apart."""
    width: int
    """Size of the residual stream."""


class _Seen(NamedTuple):
    """What a module was given, and what it made of it."""

    given: Tensor
    made: Tensor


def find_layout(model: Module, probe: Callable[[], object], heads: int, where: str) -> Layout:
    """Returns the parts of a model.

    Args:
        model: A language model.
        probe: Runs it on two texts of two tokens that differ in the first token.
        heads: How many attention heads a block has, as its configuration says.
        where: Names the model in messages.

    Raises:
        ActivationError: It is not made of blocks.
    """
    lists = [each for each in _list_outermost(model) if len(each)]
    if not lists:
        wanted = "a decoder whose blocks stand in one list, such as Llama, GPT-2, NeoX or Qwen"
        raise ActivationError(where, "a model without blocks", wanted, "Choose another model")
    blocks = max(lists, key=len)
    seen = _watch(blocks[0], probe)
    width = int(seen[""].given.shape[-1])
    attention, mlp, projection = _find_parts(blocks[0], seen)
    if projection is not None and (not heads or seen[projection].given.shape[-1] % heads):
        projection = None
    return Layout(
        tuple(
            Block(each, *(_find_module(each, path) for path in (attention, mlp, projection)))
            for each in blocks
        ),
        heads if projection is not None else 0,
        width,
    )


def _list_outermost(module: Module) -> Iterator[Module]:
    """Yields the lists of modules that lie in no other list, as experts lie in blocks."""
    for child in module.children():
        if type(child).__name__ == "ModuleList":
            yield child
        else:
            yield from _list_outermost(child)


def _find_module(block: Module, path: str | None) -> Module | None:
    """Returns a part of a block; None where this block has none, or it is not known."""
    if path is None:
        return None
    return dict(block.named_modules()).get(path)


def _watch(block: Module, probe: Callable[[], object]) -> dict[str, _Seen]:
    """Returns path -> what a module of a block is given and makes, of those with such states."""
    seen: dict[str, _Seen] = {}
    with ExitStack() as hooks:
        for path, module in block.named_modules():

            def record(
                _: Module,
                args: Sequence[Any],
                kwargs: Mapping[str, Any],
                output: Any,
                path: str = path,
            ) -> None:
                given, made = find_states((*args, *kwargs.values())), take_first(output)
                if given is not None and getattr(made, "ndim", 0) == 3:
                    seen[path] = _Seen(given, made)

            hooks.callback(module.register_forward_hook(record, with_kwargs=True).remove)
        probe()
    return seen


def _find_parts(
    block: Module, seen: Mapping[str, _Seen]
) -> tuple[str | None, str | None, str | None]:
    """Returns the paths of attention, MLP and output projection; None for what is not told apart.

    The second tokens are alike where a module is given them, and differ where it has mixed them
    with the first ones.
    """
    children = [path for path, _ in block.named_children() if path in seen]
    mixers = [
        path
        for path in children
        if _is_alike(*seen[path].given[:, 1]) and not _is_alike(*seen[path].made[:, 1])
    ]
    if len(mixers) != 1:
        return None, None, None
    attention = mixers[0]
    sizes = {
        path: sum(each.numel() for each in block.get_submodule(path).parameters() if each.ndim > 1)
        for path in children
        if path != attention
    }
    if not sizes or not max(sizes.values()):
        return None, None, None
    mlp = max(sizes, key=lambda path: sizes[path])
    added = [_follow(path, children, seen) for path in (attention, mlp)]
    whole = seen[""]
    total = whole.given + seen[added[0]].made + seen[added[1]].made
    if not _is_alike(total, whole.made):
        return None, None, None  # something else is done to what they add
    # Where a norm follows attention (Gemma), what a head adds depends on all the others.
    unchanged = seen[added[0]].made.equal(seen[attention].made)
    projection = _find_projection(block, attention, seen) if unchanged else None
    return added[0], added[1], projection


def _follow(path: str, children: Sequence[str], seen: Mapping[str, _Seen]) -> str:
    """Returns what a part's output goes through alone, such as a norm of its own; else itself."""
    for other in children:
        if other != path and seen[other].given.equal(seen[path].made):
            return other
    return path


def _find_projection(block: Module, attention: str, seen: Mapping[str, _Seen]) -> str | None:
    for path, module in block.named_modules():
        inside = path.startswith(f"{attention}.") and path in seen
        weight = getattr(module, "weight", None)
        if inside and weight is not None and weight.ndim == 2:
            if seen[path].made.equal(seen[attention].made):
                return path
    return None


def _is_alike(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).norm() <= SAME * one.norm())
