"""Exchanges states between two texts, or two models, and measures what that brings back, in KL."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generators.activations.directions import Numbers
from generators.activations.patch_pairs import Batch, PatchPair, batch_pairs
from generators.activations.runs import describe_model, draw_numbers, find_median, make_table
from generators.activations.sites import Edit, Ids, Mask, Model, Site
from generators.activations.states import Floats
from generators.errors import ActivationError
from generators.progress import SILENT, Progress
from schemas.interventions import ComponentPatch, LayerPatch, Patch, PatchResult, Restored

POINTS = 11
"""Layers of a patch curve, evenly spaced, the embeddings and the last block among them."""
LEAST = 1e-5
"""Nats; sides whose predictions differ by less leave nothing to bring back."""
LEAST_READOUT = 0.01
"""Nats; the same for the difference of two log-probabilities."""
CHOSEN = {"blocks": 5, "heads": 10}
"""How many components are exchanged together."""
DRAWS = 20
"""Random sets of as many."""
CHOOSERS = 20
"""Pairs that components are chosen on."""

BETWEEN: dict[Patch, str] = {
    "span": "what differs", "after": "after it", "wrong": "another concept",
}  # fmt: skip
ACROSS: dict[Patch, str] = {"span": "all tokens", "wrong": "of another text"}
"""What is exchanged between two texts, and between two models."""


class Restore(NamedTuple):
    """What a patch brings back in each pair of a batch; NaN where that is not known."""

    kl: Numbers
    readout: Numbers


@dataclass(frozen=True)
class _Run:
    """A batch with the predictions of its source, and of what is patched."""

    batch: Batch
    source: Numbers
    """(pairs, vocabulary) log-probabilities."""
    target: Numbers
    kl: Numbers
    """KL(source, target) of each pair."""

    def compare(self, patched: Floats) -> Restore:
        """Returns what a patch brings back."""
        with np.errstate(invalid="ignore", divide="ignore"):
            left = measure_kl(self.source, patched[:, 0])
            shares = np.where(self.kl > LEAST, 1 - left / self.kl, np.nan)
            read = [_read_out(each, self.batch.answers) for each in (self.source, self.target)]
            whole, now = read[0] - read[1], _read_out(patched[:, 0], self.batch.answers) - read[1]
            return Restore(shares, np.where(np.abs(whole) > LEAST_READOUT, now / whole, np.nan))


def measure_kl(one: NDArray[np.floating], other: NDArray[np.floating]) -> Numbers:
    """Returns KL(one, other) in nats, row by row, of log-probabilities."""
    ones = one.astype(np.float64)
    return np.maximum((np.exp(ones) * (ones - other)).sum(-1), 0.0)


def _read_out(predicted: NDArray[np.floating], answers: Ids) -> Numbers:
    """Returns log p(positive) - log p(negative); NaN where no continuation is declared."""
    rows = np.arange(len(answers))
    found = predicted[rows, answers[:, 0]] - predicted[rows, answers[:, 1]]
    return np.where(answers[:, 0] < 0, np.nan, found.astype(np.float64))


def patch_pairs(
    model: Model,
    pairs: Sequence[PatchPair],
    choosers: Sequence[PatchPair],
    *,
    config: str,
    most: int,
    source: Model | None = None,
    progress: Progress = SILENT,
) -> PatchResult:
    """Returns what exchanging states between the sides of pairs brings back, with controls.

    Args:
        model: What is patched.
        pairs: What is patched, in the order in which they are taken.
        choosers: Other pairs, on which the largest components are chosen; empty for none.
        config: Whose pairs they are.
        most: How many are patched.
        source: Another model that the states come from; then both read the same texts, which are
            the sides of the pairs.
        progress: Shows how far it is.

    Raises:
        ActivationError: No pair can be patched, or the models have not the same shape.
    """
    if source is not None:
        pairs, choosers = _same_text(pairs), _same_text(choosers)
        check_alike(model, source, [pair.texts[0] for pair in pairs[:most]])
    batches, left_out = (
        batch_pairs(model, pairs, most) if source is None else _whole(model, pairs, most)
    )
    giver = source or model
    runs = [_begin(model, giver, batch) for batch in batches]
    known = _find_known(runs, left_out, config)
    groups = [pair.group for run in runs for pair in run.batch.pairs]
    layers = [
        int(each)
        for each in np.unique(np.linspace(0, model.layers, min(POINTS, model.layers + 1)).round())
    ]
    choice = _choose_components(model, giver, choosers, source is not None)
    progress.start("patching", len(layers) + len(choice) * (DRAWS + 2), "patch")
    try:
        curve = [
            point
            for layer in layers
            for point in _patch_layer(model, giver, runs, layer, groups, progress)
        ]
        parts = [
            _patch_components(model, giver, runs, chosen, others, groups, progress)
            for chosen, others in choice
        ]
    finally:
        progress.end()
    return PatchResult(
        model=describe_model(model),
        source=describe_model(source) if source is not None else None,
        config=config,
        pairs=len(known),
        left_out=dict(left_out),
        baseline=float(np.median(known)),
        layers=tuple(curve),
        components=tuple(parts),
    )


def _find_known(runs: Sequence[_Run], left_out: Counter[str], config: str) -> Numbers:
    """Returns what there is to bring back in each pair; pairs without are noted as left out."""
    every = np.concatenate([run.kl for run in runs]) if runs else np.zeros(0)
    known = every[every > LEAST]
    if not len(known):
        reasons = "; ".join(f"{number} with {each}" for each, number in left_out.items())
        found = f"no pair that can be patched{f' ({reasons})' if reasons else ''}"
        wanted = "pairs whose sides have as many tokens and other predictions"
        raise ActivationError(f"--patch {config}", found, wanted, "Choose other pairs")
    if len(known) < len(every):
        left_out["sides with the same prediction"] += len(every) - len(known)
    return known


def check_alike(model: Model, source: Model, texts: Sequence[str]) -> None:
    """Raises ActivationError where the states of one model do not fit into another."""
    where = f"--source-model {source.name}"
    shapes = [(each.layers, each.width, each.heads) for each in (model, source)]
    if shapes[0] != shapes[1]:
        found, wanted = (f"{n} layers, width {w}, {h} heads" for n, w, h in reversed(shapes))
        raise ActivationError(where, found, f"{wanted}, as {model.name} has", "Name another")
    for text in texts:
        if model.encode(text).ids.tolist() != source.encode(text).ids.tolist():
            found, wanted = f"other tokens for {ascii(text)[:60]}", f"those of {model.name}"
            raise ActivationError(where, found, wanted, "Name a model with the same vocabulary")


def _same_text(pairs: Sequence[PatchPair]) -> list[PatchPair]:
    """Returns each side once, as a pair with itself."""
    once = {text: pair for pair in pairs for text in pair.texts}
    return [pair._replace(texts=(text, text)) for text, pair in once.items()]


def _whole(model: Model, pairs: Sequence[PatchPair], most: int) -> tuple[list[Batch], Counter[str]]:
    """Returns texts by their number of tokens, all of which are exchanged."""
    texts = [(pair, model.encode(pair.texts[0]).ids) for pair in pairs[:most]]
    batches: list[Batch] = []
    for length in sorted({len(ids) for _, ids in texts}):
        alike = [(pair, ids) for pair, ids in texts if len(ids) == length]
        ids = np.stack([each for _, each in alike])
        every: Mask = np.ones(ids.shape, np.bool_)
        wrong = np.roll(np.arange(len(alike), dtype=np.int64), 1) if len(alike) > 1 else [-1]
        answers: Ids = np.full((len(alike), 2), -1, np.int64)
        batches.append(
            Batch([pair for pair, _ in alike], ids, ids, {"span": every}, every,
                  np.array(wrong, np.int64), answers)
        )  # fmt: skip
    return batches, Counter()


def _begin(model: Model, giver: Model, batch: Batch) -> _Run:
    source = giver.predict(batch.source)[:, 0].astype(np.float64)
    target = model.predict(batch.target)[:, 0].astype(np.float64)
    if source.shape != target.shape:
        found, wanted = f"{source.shape[1]:,} tokens", f"{target.shape[1]:,}, as {model.name} has"
        where = f"--source-model {giver.name}"
        raise ActivationError(where, found, wanted, "Name a model with the same vocabulary")
    return _Run(batch, source, target, measure_kl(source, target))


def _patch_layer(
    model: Model,
    giver: Model,
    runs: Sequence[_Run],
    layer: int,
    groups: Sequence[str],
    progress: Progress,
) -> Iterator[LayerPatch]:
    """Yields the points of the patch curve at one layer."""
    site = Site("residual", layer)
    found: dict[Patch, list[Restore]] = {}
    for run in runs:
        states = giver.trace(run.batch.source, [site])[site]
        for patch, mask in run.batch.masks.items():
            patched = model.predict(run.batch.target, [Edit(site, states, mask)])
            found.setdefault(patch, []).append(run.compare(patched))
        mask = run.batch.masks["span"]
        edits = [Edit(site, states[run.batch.wrong], mask)]
        found.setdefault("wrong", []).append(_patch_wrong(model, run, edits))
    progress.advance()
    for patch, each in found.items():
        restored = _summarize(each, groups)
        if restored is not None:
            yield LayerPatch(patch=patch, layer=layer, restored=restored)


def _patch_wrong(model: Model, run: _Run, edits: Sequence[Edit]) -> Restore:
    """Returns what the states of other concepts bring back; NaN where there is no other one."""
    lacks = run.batch.wrong < 0
    if lacks.all():
        nothing = np.full(len(lacks), np.nan)
        return Restore(nothing, nothing)
    kl, readout = run.compare(model.predict(run.batch.target, edits))
    return Restore(np.where(lacks, np.nan, kl), np.where(lacks, np.nan, readout))


def _summarize(found: Sequence[Restore], groups: Sequence[str]) -> Restored | None:
    """Returns the medians over all pairs for which something is known; None if there is none."""
    kl, readout = (np.concatenate([each[at] for each in found]) for at in (0, 1))
    known, declared = np.isfinite(kl), np.isfinite(readout)
    if not known.any():
        return None
    kept = [group for group, keep in zip(groups, known.tolist(), strict=True) if keep]
    median, interval = find_median(kl[known], kept)
    return Restored(
        median=median,
        interval=interval,
        pairs=int(known.sum()),
        readout=float(np.median(readout[declared])) if declared.any() else None,
        readouts=int(declared.sum()),
    )


def _choose_components(
    model: Model, giver: Model, choosers: Sequence[PatchPair], whole: bool
) -> list[tuple[list[Site], list[Site]]]:
    """Returns the components that differ most between two sides, and all others of their kind."""
    find = _whole if whole else batch_pairs
    batches, _ = find(model, choosers, CHOOSERS) if choosers else ([], None)
    if not batches or not model.has_parts:
        return []
    layers = range(model.layers)
    kinds: dict[str, list[Site]] = {
        "blocks": [Site(part, layer) for layer in layers for part in ("attention", "mlp")],
        "heads": [Site("head", layer, head) for layer in layers for head in range(model.heads)],
    }
    chosen: list[tuple[list[Site], list[Site]]] = []
    for kind, sites in kinds.items():
        most = min(CHOSEN[kind], len(sites) // 4)
        if not most:
            continue
        sizes = sum(_measure_sites(model, giver, batch, sites) for batch in batches)
        order = np.argsort(-np.asarray(sizes), kind="stable").tolist()
        chosen.append(([sites[at] for at in order[:most]], [sites[at] for at in order[most:]]))
    return chosen


def _measure_sites(model: Model, giver: Model, batch: Batch, sites: Sequence[Site]) -> Numbers:
    """Returns how much each site differs, as a share of the residual stream, summed over pairs."""
    ends = sorted({Site("residual", site.layer + 1) for site in sites})
    source = giver.trace(batch.source, [*sites, *ends])
    target = model.trace(batch.target, [*sites, *ends])
    share = batch.rest / batch.rest.sum(1, keepdims=True)
    sizes: list[float] = []
    for site in sites:
        differ = model.add_up(site, source[site] - target[site])
        norms = np.linalg.norm(target[Site("residual", site.layer + 1)], axis=-1)
        sizes.append(float((np.linalg.norm(differ, axis=-1) / norms * share).sum()))
    return np.array(sizes)


def _patch_components(
    model: Model,
    giver: Model,
    runs: Sequence[_Run],
    chosen: Sequence[Site],
    others: Sequence[Site],
    groups: Sequence[str],
    progress: Progress,
) -> ComponentPatch:
    """Returns what the chosen components bring back, and as many others, drawn at random."""
    found: list[Restore] = []
    wrong: list[Restore] = []
    draws: list[list[Restore]] = [[] for _ in range(DRAWS)]
    rng = draw_numbers("components", *map(str, chosen))
    sets: list[list[int]] = [
        rng.choice(len(others), len(chosen), replace=False).tolist() for _ in range(DRAWS)
    ]
    for run in runs:
        batch, states = run.batch, giver.trace(run.batch.source, [*chosen, *others])
        found.append(run.compare(model.predict(batch.target, _edit(chosen, states, batch.rest))))
        swapped = {site: states[site][batch.wrong] for site in chosen}
        wrong.append(_patch_wrong(model, run, _edit(chosen, swapped, batch.rest)))
        for draw, places in zip(draws, sets, strict=True):
            edits = _edit([others[at] for at in places], states, batch.rest)
            draw.append(run.compare(model.predict(batch.target, edits)))
    progress.advance(DRAWS + 2)
    restored = _summarize(found, groups)
    assert restored is not None
    random = [each.median for draw in draws if (each := _summarize(draw, groups)) is not None]
    return ComponentPatch(
        components=tuple(map(str, chosen)),
        restored=restored,
        wrong=_summarize(wrong, groups),
        random=tuple(random),
        rank=1 + sum(each >= restored.median for each in random),
    )


def _edit(sites: Sequence[Site], states: Mapping[Site, Floats], mask: Mask) -> list[Edit]:
    return [Edit(site, states[site], mask) for site in sites]


def show_patch(found: PatchResult) -> Iterator[str]:
    """Yields the lines of a summary."""
    model = found.model
    name = f"{found.source.name} into {model.name}" if found.source else model.name
    yield f"{name}: {model.layers} layers, sha256 {model.sha256[:12]}"
    many = f"{found.pairs:,} pair{'s' * (found.pairs != 1)} of {found.config}"
    pairs = "the two prompts" if found.config == "pair" else many
    yield f"Patched {pairs}; what there is to bring back: {found.baseline:.3f} nats (KL, median)."
    for reason, number in found.left_out.items():
        yield f"Left out: {number:,} with {reason}."
    points: dict[int, dict[Patch, Restored]] = {}
    for each in found.layers:
        points.setdefault(each.layer, {})[each.patch] = each.restored
    names = ACROSS if found.source else BETWEEN
    shown: list[Patch] = [each for each in names if any(each in at for at in points.values())]
    yield "Share of that which exchanging states brings back (median, 95 %):"
    yield from make_table(
        ("blocks run before", *(names[each] for each in shown), ""),
        [
            (str(layer), *(_show(at.get(patch)) for patch in shown), "")
            for layer, at in points.items()
        ],
    )
    for part in found.components:
        of = len(part.random) + 1
        yield f"Largest components, together: {', '.join(part.components)}."
        wrong = f"; another concept's {_show(part.wrong)}" if part.wrong else ""
        yield (
            f"  They bring back {_show(part.restored)}{wrong}; as many at random"
            f" {min(part.random):.2f} to {max(part.random):.2f}: rank {part.rank} of {of}."
        )


def _show(restored: Restored | None) -> str:
    if restored is None:
        return "-"
    median, *bounds = (f"{each:z.2f}" for each in (restored.median, *(restored.interval or ())))
    return f"{median} ({' to '.join(bounds)})" if bounds else median
