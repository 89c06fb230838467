"""Many rows: which of them are measured, and what is counted in all."""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pyarrow as pa
import pytest

from built import read_manifest
from generators import quality
from generators.configs import CONFIGS
from generators.configs.pairs import CONFIG, make_tables
from generators.errors import SourceError
from generators.quality.assessment import assess_folder, assess_pairs
from generators.quality.closing import close_report
from generators.quality.evidence import Rows, list_evidence
from generators.quality.rows import draw_rows, read_rows
from generators.quality.sample import Sample
from generators.quality.verdicts import render_section
from generators.report.files import write_pair_report
from generators.sources.pairs.pair_files import OwnPair, PairStream, open_pairs
from made_evidence import WORDS
from schemas import Quality


def make_pairs(
    count: int, *, themes: int = 1, near: float = 0.0, long: int = 20, seed: int = 0
) -> list[OwnPair]:
    """Pairs of random words; of a share of them an earlier one is the model, but for a word.

    Args:
        long: how many words a prompt has.
    """
    rng = Random(seed)
    prompts: list[str] = []
    for place in range(count):
        words = rng.choices(WORDS, k=long)
        if prompts and rng.random() < near:
            words = [*rng.choice(prompts).split()[:-1], f"x{place}"]
        prompts.append(" ".join(words))
    sides = [
        (" ".join(rng.choices(WORDS, k=6)), " ".join(rng.choices(WORDS, k=6))) for _ in prompts
    ]
    return [
        OwnPair(
            id=f"p{place}", group=f"g{place % 40}", prompt=prompt, positive=one, negative=other,
            theme=f"t{min(place % 11, themes - 1)}",
        )
        for place, (prompt, (one, other)) in enumerate(zip(prompts, sides, strict=True))
    ]  # fmt: skip


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda most: monkeypatch.setattr("generators.quality.rows.MOST_ROWS", most)


Bound = Callable[[int], None]


def assess(pairs: list[OwnPair], bound: Bound, *sizes: int) -> Iterator[Quality]:
    for size in sizes:
        bound(size)
        yield assess_pairs("mine", pairs).quality


def draw(pairs: list[OwnPair], most: int, at_once: int) -> list[dict[str, Any]]:
    sample = Sample(CONFIG, most)
    table = pa.concat_tables(make_tables(pairs))
    for start in range(0, table.num_rows, at_once):
        sample.add(table[start : start + at_once])
    return sample.finish().to_pylist()


def find(found: Quality, name: str, config: str = "pairs") -> Any:
    whole = (each for each in found.checks if each.tier == "full" and each.config == config)
    return next(each for each in whole if each.name == name)


def test_no_more_than_so_many_rows_are_kept_in_their_order_whatever_came_first() -> None:
    pairs = make_pairs(2000)
    kept = draw(pairs, 300, 100)
    assert len(kept) == 300
    places = [int(row["id"][1:]) for row in kept]
    assert places == sorted(places)
    mixed = [*pairs]
    Random(1).shuffle(mixed)
    for other in (draw(pairs, 300, 7), draw(mixed, 300, 100), draw(mixed, 300, 2000)):
        assert {row["id"] for row in other} == {row["id"] for row in kept}
    assert draw(pairs, 2000, 100) == draw(pairs, 5000, 100)


def test_a_rare_theme_is_kept_whole_and_the_others_evenly() -> None:
    pairs = [
        pair.model_copy(update={"theme": "rare" if place % 100 == 0 else f"t{int(place % 3 > 0)}"})
        for place, pair in enumerate(make_pairs(3000))
    ]
    counts = Counter(row["theme"] for row in draw(pairs, 630, 100))
    assert counts == {"rare": 30, "t0": 300, "t1": 300}


@pytest.mark.parametrize("at_once", [50, 1500])
def test_menus_are_kept_whole(at_once: int) -> None:
    pairs = [
        pair.model_copy(update={"menu": f"m{place % 200}"})
        for place, pair in enumerate(make_pairs(1500))
    ]
    sizes = Counter(pair.menu for pair in pairs)
    kept = Counter(row["named_menu"] for row in draw(pairs, 400, at_once))
    assert 380 < kept.total() <= 400
    assert all(count == sizes[menu] for menu, count in kept.items())


def test_a_menu_larger_than_the_sample_is_cut() -> None:
    pairs = [pair.model_copy(update={"menu": "one"}) for pair in make_pairs(500)]
    assert [row["id"] for row in draw(pairs, 100, 60)] == [f"p{place}" for place in range(100)]


def test_repeats_and_ids_are_counted_in_all_rows(bound: Bound) -> None:
    pairs = make_pairs(1500)
    pairs += [pair.model_copy(update={"id": f"r{place}"}) for place, pair in enumerate(pairs[:9])]
    pairs += [pair.model_copy(update={"id": "p7"}) for pair in make_pairs(3, seed=5)]
    whole, few = assess(pairs, bound, 5000, 300)
    assert not whole.samples
    assert few.samples["pairs"].of == len(pairs)
    assert 290 < few.samples["pairs"].rows <= 300
    for each in (whole, few):
        duplicates = find(each, "exact duplicates")
        assert (duplicates.value, duplicates.n, duplicates.verdict) == (9, len(pairs), "FAIL")
        assert find(each, "broken rows").figures["repeated ids"] == 3


def test_near_duplicates_of_a_sample_are_looked_for_in_all_rows(
    bound: Bound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generators.quality.overlaps.AT_ONCE", 400)
    monkeypatch.setattr("generators.configs.pairs.MOST_PAIRS", 100)
    pairs = make_pairs(3000, near=0.3, long=120)
    whole, few = (find(each, "near-duplicates") for each in assess(pairs, bound, 5000, 600))
    assert (whole.n, few.n) == (3000, 600)
    assert 0.25 < whole.value < 0.35
    assert abs(few.value - whole.value) < 0.05, "in the sample alone it would be a fifth of that"


def test_what_is_measured_of_a_sample_is_near_to_the_whole(bound: Bound) -> None:
    rng = Random(3)
    pairs = [
        pair.model_copy(update={"positive": pair.positive + " Gladly." * (rng.random() < 0.3)})
        for pair in make_pairs(6000, themes=3)
    ]
    whole, few = assess(pairs, bound, 9000, 1500)
    for name in ("length cue", "best single n-gram", "ten surface features"):
        one, other = find(whole, name), find(few, name)
        assert abs(one.value - other.value) < 0.04
        assert one.verdict == other.verdict == "FAIL"
    assert find(few, "length cue").measured == 1


@pytest.mark.parametrize("config", ["contrastive", "decisions", "multiple_choice"])
def test_a_folder_is_counted_whole_and_measured_in_part(
    sample_folder: Path, config: str, bound: Bound
) -> None:
    manifest = read_manifest(sample_folder)
    manifest = manifest.model_copy(update={"rows": {config: manifest.rows[config]}})
    whole = assess_folder(sample_folder, manifest)
    bound(60)
    few = assess_folder(sample_folder, manifest)
    size = sum(each.rows for each in manifest.rows[config].values())
    assert few.samples[config].of == size > 60 >= few.samples[config].rows
    assert not whole.samples
    for name in ("exact duplicates", "games covered"):
        one, other = find(whole, name, config), find(few, name, config)
        assert (one.value, one.n, one.verdict) == (other.value, other.n, other.verdict)
    assert whole.plots.coverage == few.plots.coverage
    assert find(few, "provenance", "folder").value == 0
    broken = find(few, "broken rows", config)
    assert broken.figures["rows validated against the schema"] == size
    assert broken.verdict == "PASS"
    leaks = find(few, "leaks between splits", config)
    assert leaks.figures["groups or menus in two splits"] == 0


@pytest.mark.parametrize("config", ["relations", "associations"])
def test_twins_stay_together_and_every_theme_is_there(
    concept_folder: Path, config: str, bound: Bound
) -> None:
    whole, _ = read_rows(concept_folder, config)
    bound(100)
    rows, _ = read_rows(concept_folder, config)
    assert rows.size == whole.table.num_rows > 100 >= rows.table.num_rows > 60
    assert {*rows.table["counterpart_id"].to_pylist()} == {*rows.table["id"].to_pylist()}
    assert {*rows.table["theme"].to_pylist()} == {*whole.table["theme"].to_pylist()}


def test_a_leak_is_found_though_its_source_is_not_in_the_sample(bound: Bound) -> None:
    bound(60)
    texts = [pair.prompt for pair in make_pairs(300)]
    splits = ["train"] * 200 + ["test"] * 200
    menus = [
        {
            "id": f"game/{place}", "split": split, "origin": "benchmark", "game": "game",
            "group": split, "flags": [], "context": texts[place % 300],
            "options": [{"text": name, "flags": []} for name in ("Stay.", "Go.")],
        }
        for place, split in enumerate(splits)
    ]  # fmt: skip
    table = pa.Table.from_pylist(menus)

    def read() -> Iterator[pa.Table]:
        return iter([table[:150], table[150:]])

    drawn, population = draw_rows(CONFIGS["decisions"], read(), read)
    leaked = [int(name.split("/")[1]) >= 300 for name in drawn["id"].to_pylist()]
    rows = Rows("decisions", drawn, None, {}, 0, population=population)
    assert 5 < sum(leaked) < 25
    assert next(list_evidence(rows)).overlaps == (sum(leaked), 0, sum(leaked))


def test_the_size_of_the_sample_is_said_where_the_quality_is(tmp_path: Path, bound: Bound) -> None:
    bound(200)
    pairs = [pair.model_dump(exclude_none=True) for pair in make_pairs(900)]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
    found = write_pair_report(path.name, open_pairs(path), tmp_path / "out")
    said = "Measured on a sample of 200 of 900 rows."
    assert said in "\n".join(close_report(found, []))
    assert said in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "200 of 900 rows of `pairs`" in render_section(found, [])["section"]
    assert len((tmp_path / "out" / "tiers.jsonl").read_text("utf-8").splitlines()) == 200
    assert quality.measure(pairs) == quality.measure(each for each in pairs)
    assert quality.measure(pairs).samples == found.samples
    assert len(quality.choose_core(pairs)) == 900


def test_pairs_are_read_anew_and_one_by_one(tmp_path: Path) -> None:
    taken: list[int] = []

    def read() -> Any:
        for place, pair in enumerate(make_pairs(10)):
            taken.append(place)
            yield pair

    class Records:
        def __iter__(self) -> Any:
            return (pair.model_dump() for pair in read())

    stream = PairStream(Records())
    assert next(iter(stream)).id == "p0"
    assert taken[-1] < 9
    assert len([*stream]) == len([*stream]) == 10
    once = open_pairs(iter([{"positive": "a", "negative": "b"}]))
    assert len([*once]) == len([*once]) == 1


def test_lines_of_a_file_too_large_are_read_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text("".join(pair.model_dump_json() + "\n" for pair in make_pairs(20)), "utf-8")
    wanted = [*open_pairs(path)]
    for bound in ("content.LARGEST", "json_files.LONG"):
        monkeypatch.setattr(f"generators.sources.pairs.containers.{bound}", 1000)
    assert [*open_pairs(path)] == wanted
    with path.open("a", encoding="utf-8") as file:
        file.write("no json\n")
    with pytest.raises(SourceError, match="long.jsonl line 21: no JSON"):
        [*open_pairs(path)]


@pytest.mark.skipif(sys.platform == "win32", reason="makes a pipe")
def test_a_pipe_is_read_once(tmp_path: Path, bound: Bound) -> None:
    bound(50)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines = "".join(pair.model_dump_json() + "\n" for pair in make_pairs(80))
    writer = Thread(target=pipe.write_text, args=(lines,))
    writer.start()
    found = assess_pairs("pipe", open_pairs(pipe)).quality
    writer.join()
    assert found.samples["pairs"].of == 80


def test_as_many_themes_as_pairs_are_drawn_from_at_once() -> None:
    pairs = [
        pair.model_copy(update={"theme": f"t{place}"})
        for place, pair in enumerate(make_pairs(5000))
    ]
    kept = draw(pairs, 500, 1000)
    assert len(kept) == len({row["theme"] for row in kept}) == 500
