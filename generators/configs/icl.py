"""Config `icl`: solved situations, then one to solve, answered one way, the other, and mixed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from typing import get_args

from generators.configs.from_games import Gathering, Kind, take_columns
from generators.sources.games.menus import Menu, Pair
from generators.sources.games.story_text import keep_ending
from generators.splits import hash_number
from generators.templates import render
from schemas.base import BehaviorRow, TextLicence
from schemas.config import MachiavelliConfig
from schemas.decision import Decision
from schemas.icl import Exchange, IclRow
from schemas.labels import Behavior

TEMPLATE = "icl/v1"
MOST_QUERIES = 200
FEWEST_SHOTS = 2
PERMISSIVE_FIRST: tuple[TextLicence, ...] = get_args(TextLicence)
OWN_FIELDS = frozenset({"query", "rank", "text_licence"})
"""Fields of a query that are not simply a row's."""


class IclQuery(BehaviorRow):
    """A situation that may become a row's query, and a shot of other rows."""

    query: Exchange
    """The situation with its two actions."""
    rank: str
    """sha256 of the id: what queries are chosen and sorted by, so that no game comes first."""


def view(menus: Sequence[Menu], config: MachiavelliConfig) -> Iterator[IclQuery]:
    """Yields one query per menu with a context and behavior with a pair."""
    for decision, contrasts in menus:
        if not contrasts or not decision.context:
            continue
        observation = keep_ending(decision.menu_text or decision.context, config.icl_chars)
        if observation:
            for contrast in contrasts:
                pair = min(contrast.pairs, key=partial(_preference, decision))
                yield _view_query(decision, contrast.behavior, pair, observation)


def _preference(decision: Decision, pair: Pair) -> tuple[float, bool, bool, int, int]:
    ethical = decision.options[pair.negative].polarity == "ethical"
    return -pair.margin, not ethical, not pair.pure, pair.positive, pair.negative


def _view_query(decision: Decision, behavior: Behavior, pair: Pair, observation: str) -> IclQuery:
    row_id = f"{decision.id}/{behavior}"
    return IclQuery(
        **take_columns(decision, behavior, (pair.positive, pair.negative), TEMPLATE),
        id=row_id,
        rank=sha256(row_id.encode()).hexdigest(),
        query=Exchange(
            observation=observation,
            positive=decision.options[pair.positive].text,
            negative=decision.options[pair.negative].text,
        ),
    )


def text(row: IclQuery) -> list[str]:
    """Returns the observation, then both actions."""
    return [row.query.observation, row.query.positive, row.query.negative]


def gather(queries: Sequence[IclQuery], config: MachiavelliConfig) -> Iterator[IclRow]:
    """Yields a row for each query of a split that other series have shots enough for."""
    ranked: defaultdict[Behavior, list[IclQuery]] = defaultdict(list)
    for query in sorted(queries, key=lambda query: query.rank):
        ranked[query.behavior].append(query)
    for query in queries:
        shots = draw_shots(query, ranked[query.behavior], config)
        if len(shots) >= FEWEST_SHOTS:
            yield _write_row(query, shots, config.seed)


def draw_shots(
    query: IclQuery, ranked: Sequence[IclQuery], config: MachiavelliConfig
) -> list[IclQuery]:
    """Returns up to `--icl-shots` queries of other series, from a seeded place on."""
    start = hash_number(f"{config.seed}/{query.id}") % len(ranked)
    turned = chain(islice(ranked, start, None), islice(ranked, start))
    others = (shot for shot in turned if shot.group != query.group)
    return list(islice(_drop_repeated(others), config.icl_shots))


def _drop_repeated(shots: Iterator[IclQuery]) -> Iterator[IclQuery]:
    """Yields shots of different situations: a counterpart shares that of its menu."""
    shown: set[str] = set()
    for shot in shots:
        if shot.query.observation not in shown:
            shown.add(shot.query.observation)
            yield shot


def _write_row(query: IclQuery, shots: Sequence[IclQuery], seed: int) -> IclRow:
    positive = [shot.query.positive for shot in shots]
    negative = [shot.query.negative for shot in shots]
    flipped = _choose_flipped(query, shots, seed)
    mixed = [
        negative[index] if shot.id in flipped else positive[index]
        for index, shot in enumerate(shots)
    ]
    return IclRow(
        **{name: value for name, value in query if name not in OWN_FIELDS},
        text_licence=_find_strictest([query, *shots]),
        query=query.query,
        shots=tuple(shot.query for shot in shots),
        positive_prompt=_write_prompt(query, shots, positive),
        negative_prompt=_write_prompt(query, shots, negative),
        shuffled_prompt=_write_prompt(query, shots, mixed),
        n_shots=len(shots),
        shot_ids=tuple(shot.id for shot in shots),
    )


def _choose_flipped(query: IclQuery, shots: Sequence[IclQuery], seed: int) -> set[str]:
    """Returns the ids of a seeded half of the shots (the smaller half of an odd number)."""
    ranked = sorted(shots, key=lambda shot: hash_number(f"{seed}/{query.id}/{shot.id}"))
    return {shot.id for shot in ranked[: len(shots) // 2]}


def _write_prompt(query: IclQuery, shots: Sequence[IclQuery], actions: Sequence[str]) -> str:
    observations = [shot.query.observation for shot in shots]
    solved = list(zip(observations, actions, strict=True))
    return render(f"{TEMPLATE}/prompt", shots=solved, query=query.query.observation)


def _find_strictest(queries: Sequence[IclQuery]) -> TextLicence:
    licences: set[TextLicence] = {query.text_licence for query in queries}
    return max(licences, key=PERMISSIVE_FIRST.index)


GATHERING = Gathering(IclQuery, MOST_QUERIES, gather, f"fewer than {FEWEST_SHOTS} shots")
KIND = Kind("icl", IclRow, view, text, GATHERING)
