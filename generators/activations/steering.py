"""Adds directions to held-out rows: does the model then prefer the other option, beyond chance?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generators.activations.directions import Design, Numbers, draw_flips
from generators.activations.runs import describe_model, draw_numbers, make_table
from generators.activations.sets import FEWEST, Part, read_set
from generators.activations.sites import Edit, Ids, Model, Site
from generators.activations.states import Floats, Passage
from generators.errors import ActivationError, UsageError
from generators.options import choose
from generators.progress import SILENT, Progress, follow
from generators.quality.measures.estimates import LEVEL, estimate
from schemas.interventions import Steered, SteerPart, SteerResult

MULTIPLES = (0.15, 0.3)
"""Lengths of what is added, in mean norms of the residual stream at that layer."""
OTHERS = 20
"""Random directions, and as many of relabelled pairs."""
MENUS = 32
"""Held-out menus of a behavior that are steered, where no other number is asked for."""
FITTED = 300
"""Menus of a behavior that are read for its direction."""


class _Directions(NamedTuple):
    """Directions of length 1."""

    vectors: Floats
    """(1 + 2 x OTHERS, width): the real one, random ones, those of relabelled pairs."""
    norm: float
    """Mean norm of the residual stream where they are added."""


def steer(
    model: Model,
    folder: Path,
    config: str,
    *,
    behaviors: Sequence[str] | None = None,
    menus: int | None = None,
    layer: int | None = None,
    progress: Progress = SILENT,
) -> SteerResult:
    """Returns what adding the direction of train does to the options of held-out menus.

    Args:
        model: What is steered.
        folder: A dataset folder.
        config: One whose rows have a prompt and two options.
        behaviors: Only these; None for all.
        menus: Held-out menus of each behavior, one pair of each; None for 32.
        layer: How many blocks have run before the direction is added; None for half of them.
        progress: Shows how far it is.

    Raises:
        UsageError: The config's rows have no options, or there is no such behavior or layer.
        ActivationError: No behavior has enough menus, or a text can't be read by the model.
    """
    layer = model.layers // 2 if layer is None else layer
    if not 0 < layer <= model.layers:
        wanted = f"1 to {model.layers}, the number of blocks that run before"
        raise UsageError("--layer", str(layer), wanted, "Choose one")
    pairs = read_set(folder, config, FITTED)
    known = [*(part.name for part in pairs.parts), *pairs.too_few]
    names = choose("--behaviors", behaviors, known)
    if not any(passage.prompt for passage in pairs.passages):
        wanted = "one whose rows have a prompt, such as contrastive"
        raise UsageError(f"--config {config}", "rows without a prompt", wanted, "Name another")
    ready = [part for part in pairs.parts if part.name in names and part.split is not None]
    if not ready:
        found = f"fewer than {FEWEST} menus in train, or held out"
        raise ActivationError(f"--steer {config}", found, f"{FEWEST} of both", "Use a larger set")
    sides = pairs.positive, pairs.negative
    parts = [
        _steer_part(model, part, pairs.passages, sides, menus or MENUS, layer, progress)
        for part in ready
    ]
    done = {part.name for part in ready}
    return SteerResult(
        model=describe_model(model),
        config=config,
        layer=layer,
        parts=tuple(parts),
        too_few=tuple(name for name in names if name not in done),
    )


def _steer_part(
    model: Model,
    part: Part,
    passages: Sequence[Passage],
    sides: tuple[NDArray[np.int32], NDArray[np.int32]],
    menus: int,
    layer: int,
    progress: Progress,
) -> SteerPart:
    design = part.split
    assert design is not None
    directions = _find_directions(model, part.name, design, passages, sides, layer, progress)
    _, first = np.unique(design.unit[design.tests], return_index=True)
    chosen = design.tests[first[draw_numbers("menus", part.name).permutation(len(first))[:menus]]]
    doing = f"steering {part.name}"
    effects = np.stack(
        [
            _measure_effects(
                model,
                passages[int(sides[0][pair])],
                passages[int(sides[1][pair])],
                directions,
                layer,
            )
            for pair in follow(progress, chosen.tolist(), doing, len(chosen), "menu")
        ]
    )
    return SteerPart(
        name=part.name,
        train=len(np.unique(design.unit[design.fits])),
        held_out=len(chosen),
        strengths=tuple(
            _summarize(multiple, effects[:, at]) for at, multiple in enumerate(MULTIPLES)
        ),
    )


def _find_directions(
    model: Model,
    name: str,
    design: Design,
    passages: Sequence[Passage],
    sides: tuple[NDArray[np.int32], NDArray[np.int32]],
    layer: int,
    progress: Progress,
) -> _Directions:
    """Returns the mean difference of train, random directions, and those of relabelled menus."""
    fits = [side[design.fits] for side in sides]
    needed: list[int] = np.unique(np.concatenate(fits)).tolist()
    progress.start(f"reading {name}", len(needed), "text")
    seen = 0

    def tell(done: int) -> None:
        nonlocal seen
        progress.advance(done - seen)
        seen = done

    try:
        found = model.capture([passages[at] for at in needed], progress=tell).states
    finally:
        progress.end()
    states = found["residual", "mean"][:, layer - 1]
    one, other = (np.searchsorted(needed, side) for side in fits)
    differences = (states[one] - states[other]) * design.weigh()[:, None]
    flips = draw_flips(int(design.unit.max()) + 1, f"steer/{name}", OTHERS)
    relabelled = flips[design.unit[design.fits]].T @ differences
    random = draw_numbers("steer", name, model.width).standard_normal((OTHERS, model.width))
    vectors = np.concatenate([differences.sum(0)[None], random, relabelled])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    norm = np.linalg.norm(found["residual", "last"][:, layer - 1], axis=1).mean()
    return _Directions(vectors.astype(np.float32), float(norm))


def _measure_effects(
    model: Model, positive: Passage, negative: Passage, directions: _Directions, layer: int
) -> Numbers:
    """Returns (multiples, directions): half the change of log p(positive) - log p(negative)."""
    lengths = directions.norm * np.array(MULTIPLES)
    added = np.stack([sign * length * directions.vectors for length in lengths for sign in (1, -1)])
    values = added.reshape(-1, 1, model.width).astype(np.float32)
    scores: list[Numbers] = []
    for passage in (positive, negative):
        before: Ids = model.encode(passage.prompt).ids if passage.prompt else np.zeros(0, np.int64)
        rest = model.encode_rest(passage.completion, len(before))
        # The last token of the prompt is steered, too: it predicts the first of the option.
        ids = np.tile(np.concatenate([before[-1:], rest]), (len(values), 1))
        edit = Edit(Site("residual", layer), values, np.ones(ids.shape, np.bool_), add=True)
        found = model.score(ids, [edit], before[:-1])
        scores.append(found.astype(np.float64).reshape(len(MULTIPLES), 2, -1))
    gap = scores[0] - scores[1]
    return (gap[:, 0] - gap[:, 1]) / 2


def _summarize(multiple: float, effects: Numbers) -> Steered:
    """Returns what one strength does, beside what other directions do.

    Args:
        multiple: The strength.
        effects: (menus, directions).
    """
    means: list[float] = effects.mean(0).tolist()
    real, others = means[0], means[1:]
    menus = np.arange(len(effects), dtype=np.int32)
    higher = sum(each >= real for each in others)
    return Steered(
        multiple=multiple,
        effect=real,
        interval=estimate(effects[:, 0], menus, share=False).interval,
        random=tuple(others[:OTHERS]),
        flipped=tuple(others[OTHERS:]),
        rank=1 + higher,
        p=(1 + higher) / (1 + len(others)),
    )


def _is_found(each: Steered, strengths: int) -> bool:
    """Returns whether an effect is above 0, and above others once p is corrected for strengths."""
    return each.interval is not None and each.interval[0] > 0 and each.p * strengths <= LEVEL


def show_steer(found: SteerResult) -> Iterator[str]:
    """Yields the lines of a summary."""
    model = found.model
    yield f"{model.name}: added after {found.layer} of {model.layers} blocks, {found.config}"
    yield "Change of log p(positive) - log p(negative), nats; others: 20 random, 20 relabelled"
    rows: list[tuple[str, ...]] = []
    for part in found.parts:
        for each in part.strengths:
            others = (*each.random, *each.flipped)
            bounds = each.interval
            effect = f"{each.effect:+.2f}"
            effect += f" ({bounds[0]:+.2f} to {bounds[1]:+.2f})" if bounds else ""
            spread = f"{min(others):+.2f} to {max(others):+.2f}"
            place = f"{each.rank} of {1 + len(others)}"
            row = (part.name, str(part.held_out), f"{each.multiple:g}", effect, spread, place)
            rows.append((*row, f"{each.p:.2f}"))
    yield from make_table(("", "menus", "norms", "effect", "others", "rank", "p"), rows)
    for part in found.parts:
        if not any(_is_found(each, len(part.strengths)) for each in part.strengths):
            yield f"{part.name}: no effect beyond that of other directions. A null result."
    if found.too_few:
        yield f"Too few menus, no number: {', '.join(found.too_few)}."
