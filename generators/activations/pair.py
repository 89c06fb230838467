"""Two prompts in one model: which components differ, at which tokens, and by how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from generators.activations.differences import (
    COMPONENTS,
    Comparison,
    compare_tokens,
    list_largest,
    measure_sizes,
    name_part,
)
from generators.activations.runs import describe_model, make_table
from generators.activations.sites import Ids, Model, Site
from generators.activations.states import Component, Floats
from schemas.interventions import ComponentDifference, PairDifference

SHOWN = 5
"""Components of a kind that are printed."""


@dataclass(frozen=True)
class ComparedPair:
    """Two prompts, and their states where they are compared.

    Attributes:
        summary: What is printed and written.
        differences: Component -> first less second: (layers, places, width), for heads (layers,
            heads, places, width).
        sizes: Component -> their norms, as shares of the residual stream's after the same block.
    """

    summary: PairDifference
    differences: dict[Component, Floats]
    sizes: dict[Component, Floats]

    def draw(self) -> dict[str, str]:
        """Returns name -> SVG of its figure."""
        from generators.activations.pictures import draw_pair

        return draw_pair(self)

    def __str__(self) -> str:
        """Says what differs most, in a few words and a table."""
        return "\n".join(_show(self.summary))


def compare_pair(model: Model, first: str, second: str) -> ComparedPair:
    """Returns how the states of two prompts differ, by component and token.

    Raises:
        ActivationError: The model cannot read them.
    """
    texts = model.encode(first), model.encode(second)
    compared = compare_tokens(*texts)
    known = list_components(model)
    runs = [each.first for each in compared.places], [each.second for each in compared.places]
    states = [
        _read(model, text.ids[None], run, known) for text, run in zip(texts, runs, strict=True)
    ]
    differences: dict[Component, Floats] = {}
    for component in known:
        differences[component] = states[0][component] - states[1][component]
    norms = [np.linalg.norm(each["residual"], axis=-1) for each in states]
    sizes = measure_sizes(differences, (norms[0] + norms[1]) / 2)
    ends = [model.predict(each.ids[None])[0, 0].astype(np.float64) for each in texts]
    parts = (slice(0, compared.differing), slice(compared.differing, len(compared.places)))
    summary = PairDifference(
        model=describe_model(model),
        first=first,
        second=second,
        tokens=(len(texts[0].ids), len(texts[1].ids)),
        compared=tuple(each.label for each in compared.places),
        differing=compared.differing,
        kl=max(0.0, float((np.exp(ends[0]) * (ends[0] - ends[1])).sum())),
        difference=_describe(sizes, parts[0], compared),
        after=_describe(sizes, parts[1], compared),
    )
    return ComparedPair(summary, differences, sizes)


def list_components(model: Model) -> list[Component]:
    """Returns the components that are told apart in a model."""
    told = {"residual": True, "head": model.heads > 0}
    return [each for each in COMPONENTS if told.get(each, model.has_parts)]


def _read(
    model: Model, ids: Ids, runs: Sequence[slice], known: Sequence[Component]
) -> dict[Component, Floats]:
    """Returns the states of each component at some tokens; of a run of tokens their mean."""
    layers, heads = range(model.layers), range(model.heads)
    sites: dict[Component, list[Site]] = {
        component: [
            Site(component, layer + (component == "residual"), head)
            for layer in layers
            for head in (heads if component == "head" else (0,))
        ]
        for component in known
    }
    found = model.trace(ids, [site for each in sites.values() for site in each])
    states: dict[Component, Floats] = {}
    for component, places in sites.items():
        rows = [
            model.add_up(site, np.stack([found[site][0, run].mean(0) for run in runs]))
            for site in places
        ]
        values = np.stack(rows)
        apart = (len(layers), len(heads), *values.shape[1:])
        states[component] = values.reshape(apart) if component == "head" else values
    return states


def _describe(
    sizes: dict[Component, Floats], places: slice, compared: Comparison
) -> tuple[ComponentDifference, ...]:
    labels = [each.label for each in compared.places[places]]
    if not labels:
        return ()
    return tuple(
        ComponentDifference(
            component=each.component, layer=each.layer, head=each.head, mean=each.mean,
            largest=each.largest, token=labels[each.place],
        )
        for each in list_largest(sizes, places)
    )  # fmt: skip


def _show(found: PairDifference) -> Iterator[str]:
    """Yields the lines of a summary."""
    model = found.model
    yield f"{model.name}: {model.layers} layers, width {model.width}, sha256 {model.sha256[:12]}"
    rest = len(found.compared) - found.differing
    where = ", ".join(found.compared[: found.differing])
    yield f"The prompts differ at {where}; {rest or 'no'} token{'s' * (rest != 1)} after that."
    yield f"Next token: the predictions differ by {found.kl:.3f} nats (KL)."
    for title, parts in (("Where they differ", found.difference), ("After that", found.after)):
        if not parts:
            continue
        yield ""
        blocks = [each for each in parts if each.component in ("attention", "mlp")]
        blocks.sort(key=lambda each: -each.mean)
        top = max(blocks or parts, key=lambda each: each.largest)
        share = f"{top.largest:.2f} of the residual's norm, at {top.token}"
        yield f"{title}: {name_part(top)} changes most: {share}."
        yield from make_table(
            ("", "mean", "largest", "at"),
            [
                (name_part(each), f"{each.mean:.2f}", f"{each.largest:.2f}", each.token)
                for each in (*blocks[:SHOWN], *_pick(parts, "head"), *_pick(parts, "residual"))
            ],
        )


def _pick(parts: Sequence[ComponentDifference], component: Component) -> list[ComponentDifference]:
    """Returns the largest of a kind; of the residual stream a few layers in their order."""
    known = [each for each in parts if each.component == component]
    if component != "residual":
        return known[:SHOWN]
    ordered = sorted(known, key=lambda each: each.layer)
    last = len(ordered) - 1
    return [ordered[at] for at in sorted({0, last // 4, last // 2, 3 * last // 4, last})]
