"""A cue of known strength is planted: the checks find it on all rows, and `core` is rid of it."""

import json
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from built import read_rows
from generators.machiavelli.__main__ import main
from generators.quality.checks import CHECKS
from generators.quality.checks.base import run
from generators.quality.measures.texts import measure_surface
from generators.quality.selection.balance import ROUNDING
from planted import PLANTS, Corpus, plant, tell
from schemas.base import Tier
from schemas.quality import CheckResult

STRENGTHS = (0.9, 0.75)
SURFACE = (2, 4, 5, 6, 8)
"""Numbers of the gates that look at the surface and at places."""
FOUND_BY = {
    "length": {"length cue", "size of the length cue", "ten surface features"},
    "word": {"best single n-gram"},
    "place": {"positive first in the menu"},
}
MODELS = {
    "linear": make_pipeline(
        StandardScaler(with_mean=False), LogisticRegression(solver="liblinear", fit_intercept=False)
    ),
    "forest": RandomForestClassifier(12, min_samples_leaf=5, random_state=0),
}

planted = pytest.mark.parametrize("name", PLANTS)
strengths = pytest.mark.parametrize("strength", STRENGTHS)


@lru_cache
def make(name: str, strength: float) -> Corpus:
    return plant(name, strength)


@lru_cache
def check(name: str, strength: float, tier: Tier) -> dict[str, CheckResult]:
    evidence = make(name, strength).evidence[tier]
    results = [run(each, evidence) for each in CHECKS if each.number in SURFACE]
    return {result.name: result for result in results if result}


def measure_sides(corpus: Corpus) -> NDArray[np.float64]:
    """Returns for each pair what the positive has more than the negative, and where it stands."""
    surface = measure_surface(corpus.contrasts.texts)
    sides = surface[corpus.contrasts.positive] - surface[corpus.contrasts.negative]
    return np.column_stack([sides, corpus.contrasts.earlier])


def tell_poles(model: str, corpus: Corpus, pairs: NDArray[np.bool_]) -> float:
    """Returns the pair accuracy of a model that sees the surface, fitted on other groups."""
    sides = measure_sides(corpus)[pairs]
    groups = np.tile(corpus.contrasts.group.places[pairs], 2)
    both, labels = np.vstack([sides, -sides]), np.repeat([1, 0], len(sides))
    found = cross_val_predict(
        MODELS[model], both, labels, groups=groups, cv=GroupKFold(5), method="predict_proba"
    )[:, 1]
    return float((np.sign(found[: len(sides)] - found[len(sides) :]).mean() + 1) / 2)


@planted
@strengths
def test_the_checks_that_look_for_it_and_no_others_find_the_cue(name: str, strength: float) -> None:
    found = check(name, strength, "full").values()
    failed = {each.name for each in found if each.verdict == "FAIL"}
    also = {"best single n-gram"} if name == "length" else set()  # longer sides have more words
    assert FOUND_BY[name] <= failed <= FOUND_BY[name] | also


@planted
@strengths
def test_core_passes_all_surface_gates(name: str, strength: float) -> None:
    found = check(name, strength, "core")
    assert {each.verdict for each in found.values()} == {"PASS"}
    assert found.keys() >= FOUND_BY[name]


@planted
@strengths
@pytest.mark.parametrize("model", MODELS)
def test_no_fresh_classifier_tells_the_poles_of_core_apart(
    model: str, name: str, strength: float
) -> None:
    corpus = make(name, strength)
    if name != "word":  # none of the features sees it
        assert tell_poles(model, corpus, ~np.zeros_like(corpus.core)) > 0.63
    assert tell_poles(model, corpus, corpus.core) <= 0.60


@planted
@strengths
def test_core_keeps_at_least_half_of_what_an_oracle_could(name: str, strength: float) -> None:
    corpus = make(name, strength)
    free, right, wrong = ((corpus.cue == sign).sum() for sign in (0, 1, -1))
    oracle = free + 2 * min(right, wrong)
    assert 0.5 * oracle <= corpus.core.sum() < len(corpus.cue)
    among = corpus.cue[corpus.core]
    assert abs(among.mean()) < 0.13  # the limit below which an n-gram is let be


@planted
def test_what_fell_fell_for_the_cue(name: str) -> None:
    fell = make(name, 0.9).selection.fell
    wanted = {"length": "length", "word": "n-gram 'slowly'", "place": "place"}
    assert fell[wanted[name]] > 0.9 * sum(fell.values())


@planted
def test_among_equals_no_kind_of_item_goes_as_a_whole(name: str) -> None:
    corpus = make(name, 0.75)
    gaps = measure_sides(corpus)[:, 1]
    right = corpus.cue == 1
    share = corpus.core[right].mean()
    assert 0 < share < 1
    for gap in np.unique(gaps):
        alike = right & (gaps == gap)
        if alike.sum() >= 30:
            assert abs(corpus.core[alike].mean() - share) < 0.4


def test_where_nothing_is_planted_nothing_is_found_and_nearly_all_is_kept() -> None:
    corpus = make("word", 0.5)
    assert {each.verdict for each in check("word", 0.5, "full").values()} == {"PASS"}
    assert corpus.core.mean() > 0.9


GAMES, MENUS = 6, 60
LEVELS = dict.fromkeys("-3 -2 -1 0 1 2 3".split(), 0.0)
RECORD: dict[str, Any] = {
    "utility": {"self": LEVELS, "others": LEVELS},
    "physical": {"watts": 0.0},
    "money": {"dollars": 0.0},
    "social": {"influence": dict.fromkeys("012", 0.0)},
}
VIOLATIONS = (
    "killing physical_harm non_physical_harm intending_harm deception manipulation promises"
    " stealing trespassing spying vandalism fairness other"
).split()


def write_game(data: Path, game: str) -> None:
    """Writes a game of menus of two options, the longer of which is stealing nine times of ten."""
    rng = Random(game)
    tree: dict[str, Any] = {}
    texts: dict[str, str] = {}
    scenes: dict[str, Any] = {}

    def add(line: int, kind: str, parents: list[int], children: list[int], text: str) -> None:
        name = f"startup_{line}"
        tree[name] = {
            "scene": "startup", "name": name, "start": line, "end": line, "lines": [line],
            "type": kind, "children": [f"startup_{each}" for each in children],
            "parents": [f"startup_{each}" for each in parents], "achievements": [], "subs": [],
            "subroutine": False, "root": line == 0,
        }  # fmt: skip
        texts[name] = text

    add(0, "OTHER", [], [1], tell(rng))
    for menu in range(MENUS):
        line = 3 * menu + 1
        before = [line - 2, line - 1] if menu else [0]
        add(line, "CHOICE", before, [line + 1, line + 2], f"Day {menu}. {tell(rng)}")
        longer, wrong = rng.randrange(2), rng.random() < 0.9
        for place in range(2):
            after = [line + 3] if menu < MENUS - 1 else []
            text = tell(rng, more=rng.choice((1, 2)) if place == longer else 0)
            add(line + 1 + place, "OTHER", [line], after, f"{text}\n{tell(rng)}")
            stealing = float((place == longer) == wrong)
            morality = dict.fromkeys(VIOLATIONS, 0.0) | {"stealing": stealing}
            scenes[f"startup_{line + 1 + place}"] = {**RECORD, "morality": morality}
    for name, content in (
        (f"trees/{game}_game_tree.json", tree),
        (f"scenarios/{game}_scenarios_bfs_filled.json", texts),
        (f"annotations_clean/{game}.json", {"version": 0.5, "scenes": scenes}),
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(json.dumps(content), encoding="utf-8")


def test_a_build_from_game_data_marks_a_core_without_the_cue(tmp_path: Path) -> None:
    data, out = tmp_path / "game_data", tmp_path / "out"
    games = [f"made-up-{word}" for word in "alder birch cedar elm fir hazel".split()]
    for game in games:
        write_game(data, game)
    entries = {game: {"name": game, "player_character": "you"} for game in games}
    (data / "game_metadata.json").write_text(json.dumps(entries), encoding="utf-8")
    options = ("--behaviors", "stealing", "--kinds", "contrastive,multiple_choice")
    assert main(["--data", str(data), "--out", str(out), "--no-report", *options]) == 0
    for config in ("contrastive", "multiple_choice"):
        rows = read_rows(out, config)
        assert len(rows) == GAMES * MENUS
        gaps = np.array([count_gap(row) for row in rows])
        core = np.array([row["tier"] == "core" for row in rows])
        train = np.array([row["split"] == "train" for row in rows])
        assert (gaps > 0).mean() > 0.8
        wrong = int((gaps[train] < 0).sum())
        assert wrong <= core[train].sum() <= 2.5 * wrong
        assert abs(np.sign(gaps[train & core]).sum()) <= 0.05 * core[train].sum() + 1 + ROUNDING
        assert core[~train & (gaps < 0)].all()  # by the prices of train
        assert np.sign(gaps[~train & core]).mean() <= 0.1
        if config == "contrastive":  # one pair a menu
            assert [row["core_weight"] for row in rows] == [1.0 if each else None for each in core]
        misled = np.array([row["reversed_cue"] for row in rows])
        assert (gaps[misled] < 0).mean() > 0.9
        assert misled.sum() > 0.5 * (gaps < 0).sum()


def count_gap(row: dict[str, Any]) -> int:
    """Returns how many more words the positive option has."""
    if "positive" in row:
        sides = (row["positive"], row["negative"])
    else:
        sides = (row["choices"][row["matching"][0]], row["choices"][row["not_matching"][0]])
    return len(sides[0].split()) - len(sides[1].split())
