"""The views: against rows worked out by hand, and as laws that hold for any menu."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.configs import GAME_CONFIGS
from generators.configs.icl import TEMPLATE
from generators.configs.multiple_choice import rotate
from generators.machiavelli.game import GameRows, view_rows
from generators.machiavelli.source import LeakGuard
from generators.sources.games.files import find_games
from generators.sources.games.game_data import read_game, read_metadata
from generators.sources.games.labels import LabelValues, assess
from generators.sources.games.menus import Menu, read_decisions, read_menus
from generators.templates import render
from schemas import (
    BEHAVIORS,
    VIOLATIONS,
    Decision,
    IclRow,
    MachiavelliConfig,
    Option,
    Provenance,
)

FIXTURE = Path(__file__).parents[1] / "game_data"
DEFAULTS = MachiavelliConfig()


@pytest.fixture(scope="module")
def menus() -> dict[str, list[Menu]]:
    metadata = read_metadata(FIXTURE) or {}
    games = [read_game(files, metadata.get(files.game)) for files in find_games(FIXTURE)]
    return {game.name: read_menus(list(read_decisions(game, DEFAULTS))) for game in games}


def view_all(menus: dict[str, list[Menu]], kind: str, config: MachiavelliConfig) -> list[Any]:
    return [row for game in menus.values() for row in list_rows(kind, game, config)]


def list_rows(kind: str, game: list[Menu], config: MachiavelliConfig) -> list[Any]:
    """Returns a config's rows of one game as records, each checked."""
    found = view_rows(GAME_CONFIGS[kind], game, config)
    values = [row for table in found.tables for row in table.to_pylist()]
    return [GAME_CONFIGS[kind].viewed.model_validate(row, strict=False) for row in values]


def test_pairs_are_as_worked_out_by_hand(menus: Any, expected: Any) -> None:
    rows = view_all(menus, "contrastive", DEFAULTS)
    wanted, decisions = expected["contrastive"], expected["decisions_direct"]
    assert [row.id for row in rows] == [row["id"] for row in wanted]
    for row, want in zip(rows, wanted, strict=True):
        assert (row.behavior, row.positive, row.negative, row.pure) == (
            want["behavior"], want["positive"], want["negative"], want["pure"],
        )  # fmt: skip
        assert row.margin == pytest.approx(want["margin"], abs=1e-12)
        assert row.weight == pytest.approx(want["weight"], abs=1e-12)
        options = {each["option_id"]: each for each in decisions[row.decision_id]["options"]}
        ethical = options[row.negative_option_id]["polarity"] == "ethical"
        assert row.negative_is_ethical == ethical
    assert {row.negative_is_ethical for row in rows if row.behavior != "ethical"} == {True, False}


def test_items_are_as_worked_out_by_hand(menus: Any, expected: Any) -> None:
    rows = {row.id: row for row in view_all(menus, "multiple_choice", DEFAULTS)}
    assert rows.keys() == expected["multiple_choice"].keys()
    for name, want in expected["multiple_choice"].items():
        row = rows[name].model_dump(mode="json")
        assert row["scores"] == pytest.approx(want.pop("scores"), abs=1e-12), name
        assert {key: row[key] for key in want} == want, name


def test_icl_rows_are_as_worked_out_by_hand(menus: Any, expected: Any) -> None:
    queries = view_all(menus, "icl", DEFAULTS)
    wanted = expected["icl"] | expected["icl_no_row"]
    assert {query.id for query in queries} == wanted.keys()
    for query in queries:
        found = query.query.model_dump()
        assert found == {key: wanted[query.id][key] for key in found}, query.id
    gathering = GAME_CONFIGS["icl"].across_games
    assert gathering is not None
    rows = {
        row["id"]: IclRow.model_validate(row, strict=False)
        for split in ("train", "validation", "test")
        for row in gathering.gather([q for q in queries if q.split == split], DEFAULTS)
    }
    assert rows.keys() == expected["icl"].keys()
    for name, want in expected["icl"].items():
        assert list(rows[name].shot_ids) == want["shots"], name


@pytest.mark.parametrize(
    ("menu", "context", "reason"),
    [
        ("a" * 299 + ". ", "", "menu without context"),
        ("a" * 301, "b. " + "a" * 301, "situation longer than --icl-chars"),
        ("", "b. " + "a" * 301, "situation longer than --icl-chars"),
        ("a" * 300, "b. " + "a" * 300, None),
        ("", "b. " + "a" * 300, None),
    ],
)
def test_a_situation_is_whole_or_left_out_and_counted(
    menus: Any, menu: str, context: str, reason: str | None
) -> None:
    first = menus["mini-harbour"][0]
    changed = first.decision.model_copy(update={"context": context, "menu_text": menu})
    config = MachiavelliConfig(icl_chars=300, behaviors=("ethical", "stealing"))
    found = view_rows(GAME_CONFIGS["icl"], [first._replace(decision=changed)], config)
    queries = [row for table in found.tables for row in table.to_pylist()]
    behaviors = ["ethical", "stealing"]
    if reason:
        assert not queries
        assert not found.keys
        assert not found.other_keys
        assert found.left_out == {reason: len(behaviors)}
    else:
        assert [query["behavior"] for query in queries] == behaviors
        assert {query["query"]["observation"] for query in queries} == {"a" * 300}
        assert not found.left_out


def test_icl_prompts_differ_in_the_answers_of_the_shots_only(menus: Any) -> None:
    queries = [q for q in view_all(menus, "icl", DEFAULTS) if q.split == "train"]
    gathering = GAME_CONFIGS["icl"].across_games
    assert gathering is not None
    for values in gathering.gather(queries, DEFAULTS):
        row = IclRow.model_validate(values, strict=False)
        prompts = row.positive_prompt, row.negative_prompt, row.shuffled_prompt
        lines = [prompt.split("\n") for prompt in prompts]
        for versions in zip(*lines, strict=True):
            assert len(set(versions)) == 1 or all(v.startswith("Action: ") for v in versions)
        assert all(prompt.endswith(f"{row.query.observation}\nAction:") for prompt in prompts)
        for pole, prompt in zip(("positive", "negative"), prompts, strict=False):
            shots = [(shot.observation, shot[pole]) for shot in row.shots]
            assert prompt == render(f"{TEMPLATE}/prompt", shots=shots, query=row.query.observation)
        shuffled = [line[8:] for line in lines[2] if line.startswith("Action: ")]
        flipped = sum(
            action == shot.negative for action, shot in zip(shuffled, row.shots, strict=True)
        )
        assert flipped == row.n_shots // 2


# Laws, for menus of any shape.

value = st.sampled_from([None, 0.0, 1 / 3, 0.5, 2 / 3, 1.0])
count = st.sampled_from([None, 0.0, 0.5, 1.0, 3000.0])
label_values = st.builds(
    LabelValues,
    st.tuples(*[value] * len(VIOLATIONS)),
    st.sampled_from([None, 0.0, 2000.0, 2001.0]),
    st.sampled_from([None, 0.0, 100_000.0, 1_000_000.0]),
    count,
    st.tuples(count, count, count, count),
)


def make_option(place: int, numbers: LabelValues, flags: Any) -> Option:
    return Option(
        option_id=f"n_{place}", text="" if "no_text" in flags else f"Act {place}.", outcome="",
        flags=flags, label_source="benchmark", record=None, **assess(numbers)._asdict(),
    )  # fmt: skip


@st.composite
def decisions(draw: st.DrawFn, number: int = 0) -> Decision:
    size = draw(st.integers(2, 7))
    flags = st.sampled_from([(), (), (), ("no_text",), ("unresolved",)])
    options = tuple(make_option(place, draw(label_values), draw(flags)) for place in range(size))
    return Decision(
        id=f"game/menu_{number}", origin="benchmark", split="train", text_licence="cc0-1.0",
        provenance=Provenance(), game="game", group="game", scene_id="menu_0", flags=(),
        context="It rains.", menu_text="It rains.", options=options,
    )  # fmt: skip


games = st.integers(1, 6).flatmap(lambda n: st.tuples(*[decisions(number) for number in range(n)]))


@given(games)
@settings(max_examples=60, deadline=None)
def test_pairs_come_from_one_menu_and_contrast(game: Any) -> None:
    by_id = {decision.id: decision for decision in game}
    rows = list_rows("contrastive", read_menus(game), DEFAULTS)
    weights: Counter[Any] = Counter()
    for row in rows:
        options = {option.option_id: option for option in by_id[row.decision_id].options}
        positive, negative = options[row.positive_option_id], options[row.negative_option_id]
        assert positive.usable
        assert negative.usable
        assert positive is not negative
        assert (row.positive, row.negative) == (positive.text, negative.text)
        if row.behavior == "ethical":
            assert (positive.polarity, negative.polarity) == ("ethical", "unethical")
        else:
            assert positive.scores[row.behavior] > 0.5
            assert negative.scores[row.behavior] == 0
        weights[row.decision_id, row.behavior] += row.weight
    assert all(weight == pytest.approx(1) for weight in weights.values())
    assert len({row.id for row in rows}) == len(rows)


@given(games, st.integers())
@settings(max_examples=60, deadline=None)
def test_choices_lead_back_to_the_menu(game: Any, seed: int) -> None:
    by_id = {decision.id: decision for decision in game}
    config = MachiavelliConfig(seed=seed)
    places: Counter[Any] = Counter()
    for row in list_rows("multiple_choice", read_menus(game), config):
        decision = by_id[row.decision_id]
        assert sorted(row.order) == decision.usable_places
        assert row.choices == tuple(decision.options[place].text for place in row.order)
        assert row.matching
        assert row.not_matching
        places[row.behavior, len(row.choices), min(row.matching, key=row.order.__getitem__)] += 1
    for behavior in BEHAVIORS:
        for size in range(2, 8):
            taken = [places[behavior, size, place] for place in range(size)]
            assert max(taken) - min(taken) <= 1


@given(games, st.sets(st.sampled_from(BEHAVIORS), min_size=1), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_other_behaviors_asked_for_never_change_a_row(game: Any, asked: Any, seed: int) -> None:
    some = MachiavelliConfig(seed=seed, behaviors=tuple(b for b in BEHAVIORS if b in asked))
    every = MachiavelliConfig(seed=seed)

    def rows(kind: str, config: MachiavelliConfig) -> tuple[list[Any], list[bytes]]:
        found = view_rows(GAME_CONFIGS[kind], read_menus(game), config)
        keys = [*found.keys, *found.other_keys]
        return [row for table in found.tables for row in table.to_pylist()], sorted(keys)

    for kind in ("contrastive", "multiple_choice", "icl"):
        fewer, more = rows(kind, some), rows(kind, every)
        assert fewer[0] == [row for row in more[0] if row["behavior"] in asked]
        assert fewer[1] == more[1], "leaks must be looked for in all behaviors' rows"


@given(st.permutations(range(6)), st.integers(0, 5), st.integers(0, 5))
def test_rotation_keeps_the_cyclic_order(places: Any, first: int, target: int) -> None:
    turned = rotate(tuple(places), places[first], target)
    assert turned[target] == places[first]
    start = turned.index(places[0])
    assert [*turned[start:], *turned[:start]] == list(places)


def test_a_text_stays_in_the_strictest_split() -> None:
    left_out = Counter[str]()
    guard = LeakGuard(left_out)

    def admit(split: Any, keys: list[bytes]) -> list[bytes]:
        table = pa.table({"key": keys})
        tables = guard.admit("contrastive", split, GameRows([table[:1], table[1:]], keys, []))
        return [key for table in tables for key in table["key"].to_pylist()]

    assert admit("test", [b"a", b"a", b""]) == [b"a", b"a", b""]
    assert admit("validation", [b"a", b"b", b""]) == [b"b", b""]
    assert admit("validation", [b"b"]) == [b"b"]
    assert admit("train", [b"a", b"b", b"c"]) == [b"c"]
    assert admit("train", [b"c", b""]) == [b"c", b""]
    assert left_out == {"contrastive": 3}
