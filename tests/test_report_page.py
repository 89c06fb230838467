"""`report.html`: which rows it holds, how they look, and that nothing in them can act."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from browser import Browser, start_browser
from generators.page import render_page, write_data
from generators.page_entries import ENTRIES, Entry, list_pair_entries
from generators.page_rows import choose_rows, read_page_rows, share_out
from schemas.exchange import Rejection
from schemas.quality import CheckResult, Part, Plots, Quality, Selection

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><!-- {{ 7 * 7 }} \u2028 'end'"
FIGURE = '<svg viewBox="0 0 9 9"><text fill="currentColor">words</text></svg>'


def make_check(**changes: Any) -> CheckResult:
    made: dict[str, Any] = {
        "number": 7, "name": "length cue", "config": "contrastive", "tier": "core",
        "level": "gate", "value": 0.612, "interval": (0.58, 0.64), "threshold": "0.45-0.55",
        "verdict": "FAIL", "n": 1234, "unit": "menus",
    }  # fmt: skip
    return CheckResult(**made | changes)


def make_quality(*checks: CheckResult, name: str = "machiavelli") -> Quality:
    selection = Selection(rows=400, core=100, hard=9, reversed_cue=3, fell={"length": 300})
    return Quality(
        name=name, verdict="FAIL", gates={"FAIL": 1, "too few": 2}, seed=0,
        selections={"contrastive": selection}, checks=checks, plots=Plots(),
    )  # fmt: skip


def make_rejection(number: int, **changes: str) -> Rejection:
    made: dict[str, Any] = {
        "id": f"draft-{number}", "task": "dilemma/v1", "reason": "refused", "detail": "no answer",
        "model": "a-model", "request_key": "0" * 64, "answer": '{"b": 1}',
    }  # fmt: skip
    return Rejection(**made | changes)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_browser() as started:
        yield started


@pytest.fixture(scope="module")
def page(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = read_page_rows(sample_folder)
    part = {"spying": Part(value=0.7, n=120, verdict="WARN")}
    quality = make_quality(make_check(parts=part), make_check(number=8, verdict="PASS"))
    text = render_page(quality, rows.entries, [], {"length": FIGURE}, sizes=rows.sizes)
    return save(text, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pair = {"positive": f"a {HOSTILE}", "negative": "b", "prompt": HOSTILE, "id": HOSTILE}
    entry = list_pair_entries([{**pair, "group": HOSTILE}])[0]._replace(topic=HOSTILE)
    other = list_pair_entries([{"positive": "\U0001f98a the sly fox", "negative": "the fox"}])
    quality = make_quality(make_check(note=HOSTILE, unit=HOSTILE), name=HOSTILE)
    rejection = make_rejection(1, detail=HOSTILE, answer=HOSTILE, id=HOSTILE)
    text = render_page(quality, [entry, *other], [rejection], {}, captions={})
    return save(text, tmp_path_factory.mktemp("hostile"))


def save(text: str, folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def read_texts(browser: Browser, selector: str) -> list[str]:
    return browser.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.textContent)"
    )


def test_page_opens_alone_and_without_complaint(
    browser: Browser, page: Path, sample_folder: Path
) -> None:
    browser.open(page)
    assert browser.problems == []
    assert browser.requests == [page.as_uri()]
    assert len(read_texts(browser, "li.entry")) == 50
    total = sum(read_page_rows(sample_folder).sizes.values())
    assert read_texts(browser, "#status") == [f"1–50 of {total:,} rows"]
    assert "0.612 [0.580, 0.640]" in read_texts(browser, "tr.line td.num")
    assert read_texts(browser, ".parts tbody th") == ["spying"]
    assert read_texts(browser, "figure text") == ["words"]
    assert "length cue (contrastive)" in read_texts(browser, ".verdict p")[0]


def test_typed_words_and_menus_filter(browser: Browser, page: Path, sample_folder: Path) -> None:
    rows = read_rows(sample_folder, "contrastive")
    texts = ("id", "prompt", "positive", "negative", "positive_outcome", "negative_outcome")
    fitting = [
        row for row in rows
        if row["behavior"] == "spying" and "book" in " ".join(row[name] for name in texts).lower()
    ]  # fmt: skip
    assert 0 < len(fitting) <= 50
    browser.open(page)
    browser.press("/", *"BOOK")
    browser.wait("location.hash === '#q=BOOK'")
    assert browser.run("CSS.highlights.get('found').size") > 0
    for name, value in (("config", "contrastive"), ("topic", "spying")):
        browser.run(f"document.querySelector('[name={name}]').focus()")
        browser.press(*value)
        browser.wait(f"new URLSearchParams(location.hash.slice(1)).get('{name}') === '{value}'")
    assert set(read_texts(browser, "li.entry .id")) == {row["id"] for row in fitting}
    browser.open(page, browser.run("location.hash"))
    assert len(read_texts(browser, "li.entry")) == len(fitting)
    browser.run("document.querySelector('[type=reset]').click()")
    browser.wait("!location.hash.includes('q=')")
    assert len(read_texts(browser, "li.entry")) == 50


def test_margins_sort_from_either_end(browser: Browser, page: Path, sample_folder: Path) -> None:
    margins = sorted(row["margin"] for row in read_rows(sample_folder, "contrastive"))
    for way, most in (("low", margins[:50]), ("high", margins[:-51:-1])):
        browser.open(page, f"#sort=margin-{way}")
        assert browser.run("kept.slice(0, 50).map((entry) => entry.margin)") == most


def test_keys_walk_open_and_close(browser: Browser, page: Path) -> None:
    browser.open(page, "#config=contrastive")
    ids = read_texts(browser, "li.entry .id")
    here = "document.activeElement.querySelector('.id')?.textContent"
    browser.press("j", "j", "ArrowDown", "k")
    assert browser.run(here) == ids[1]
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    assert read_texts(browser, "li.open .id") == [ids[1]]
    assert len(read_texts(browser, "li.open .outcome")) == 2
    browser.open(page, browser.run("location.hash"))
    assert read_texts(browser, "li.open .id") == [ids[1]]
    browser.press("Escape")
    assert read_texts(browser, "li.open .id") == []
    browser.press(*"k" * 2, *"j" * 50)
    assert read_texts(browser, "#status")[0].startswith("51–100 of")
    assert browser.run(here) == read_texts(browser, "li.entry .id")[0]
    browser.press("k")
    assert browser.run(here) == ids[-1]


def test_differing_words_are_marked_in_both_themes(browser: Browser, page: Path) -> None:
    browser.open(page, "#config=contrastive&q=chalk")
    marked = browser.run("[...list.querySelectorAll('mark')].map((m) => m.textContent)")
    assert "what you burned." in marked
    inks = []
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        style = "getComputedStyle(document.querySelector('mark.part')).backgroundColor"
        inks.append((browser.run(style), browser.run("getComputedStyle(document.body).color")))
        assert inks[-1][0] != "rgba(0, 0, 0, 0)"
    assert inks[0][0] != inks[1][0]
    assert inks[0][1] != inks[1][1]
    browser.run("document.getElementById('theme').click()")
    assert browser.run("getComputedStyle(document.body).color") == inks[0][1]


def test_hostile_text_is_only_text(browser: Browser, hostile_page: Path) -> None:
    browser.open(hostile_page)
    browser.press("j", "Enter")
    assert browser.problems == []
    assert browser.requests == [hostile_page.as_uri()]
    assert browser.run("document.images.length") == 0
    assert browser.run("document.title") == f"{HOSTILE}: quality report"
    assert read_texts(browser, "h1") == [HOSTILE]
    assert read_texts(browser, "li.open .context") == [HOSTILE]
    assert read_texts(browser, "li.open .side.positive .text") == [f"a {HOSTILE}"]
    assert read_texts(browser, "tr.under p") == [HOSTILE]
    assert read_texts(browser, ".draft pre") == [HOSTILE]
    assert HOSTILE in browser.run("[...form.elements.group.options].map((each) => each.value)")
    assert read_texts(browser, "li.entry:last-child mark") == ["\U0001f98a the sly", "the"]


def test_page_has_no_hole_for_a_script_that_slips_in(browser: Browser, page: Path) -> None:
    slipped = page.read_text(encoding="utf-8").replace(
        "</main>", "<script>document.title = 'owned'</script><img src='slipped.png'></main>"
    )
    path = save(slipped, page.parent / "..")
    browser.open(path)
    assert browser.run("document.title") == "machiavelli: quality report"
    assert "Content Security Policy" in " ".join(browser.problems)
    assert browser.blocked == 1


def test_narrow_window_has_nothing_beside_it(browser: Browser, page: Path) -> None:
    browser.open(page, "#config=decisions")
    browser.press("j", "Enter")
    browser.resize(360)
    assert browser.run("document.documentElement.scrollWidth") == 360
    browser.resize(1280)


def read_rows(folder: Path, config: str) -> list[dict[str, Any]]:
    paths = sorted((folder / config).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def check_span(text: str, side: Any, row_span: list[int]) -> None:
    assert side.text == text
    assert list(side.span) == row_span


def test_every_config_becomes_entries(sample_folder: Path, concept_folder: Path) -> None:
    found = [*read_page_rows(sample_folder).entries, *read_page_rows(concept_folder).entries]
    entries = {(entry.config, entry.id): entry for entry in found}
    assert {entry.config for entry in found} == set(ENTRIES)
    for row in read_rows(concept_folder, "minimal_pairs")[:9]:
        sides = take(entries, "minimal_pairs", row)
        if sides:
            check_span(row["positive"], sides[0], row["positive_span"])
            check_span(row["negative"], sides[1], row["negative_span"])
    row = read_rows(concept_folder, "insertions")[0]
    inserted, control, base = entries["insertions", row["id"]].sides
    check_span(row["inserted"], inserted, row["inserted_span"])
    check_span(row["control"], control, row["control_span"])
    assert (base.text, base.span) == (row["base"], None)
    entry = next(entry for entry in found if entry.config == "associations")
    assert entry.facts["attribute"] == entry.sides[0].text[slice(*entry.sides[0].span or ())]
    row = read_rows(concept_folder, "relations")[0]
    entry = entries["relations", row["id"]]
    assert entry.sides[0][:3] == ("+" if row["valid"] else "-", "valid", row["conclusion"])
    assert entry.context == "\n".join(row["premises"])


def take(entries: dict[tuple[str, str], Entry], config: str, row: dict[str, Any]) -> Any:
    entry = entries.get((config, row["id"]))
    return entry and entry.sides


def test_menus_show_every_option_with_its_numbers(sample_folder: Path) -> None:
    found = {(entry.config, entry.id): entry for entry in read_page_rows(sample_folder).entries}
    row = next(row for row in read_rows(sample_folder, "decisions") if len(row["options"]) > 2)
    entry = found["decisions", row["id"]]
    assert [side.text for side in entry.sides] == [option["text"] for option in row["options"]]
    for side, option in zip(entry.sides, row["options"], strict=True):
        assert side.name.startswith(option["polarity"])
        positive = {name: value for name, value in option["labels"].items() if value}
        assert side.numbers.get("labels", {}) == positive
        assert side.numbers.get("scores", {}) | positive == {
            name: score for name, score in option["scores"].items() if score
        }
    row = read_rows(sample_folder, "multiple_choice")[0]
    entry = found["multiple_choice", row["id"]]
    for place, side in enumerate(entry.sides):
        assert side.numbers == {"score": {row["behavior"]: row["scores"][place]}}
        assert (side.pole == "+") == (place in row["matching"])
        assert (side.pole == "-") == (place in row["not_matching"])
    icl = next(entry for (config, _), entry in found.items() if config == "icl")
    assert len(icl.more) == int(icl.facts["shots"])


def test_rows_are_shared_out_evenly() -> None:
    assert share_out([100, 3, 100, 0], 22) == [10, 3, 9, 0]
    assert share_out([2, 3], 100) == [2, 3]
    strata = [("a", "full")] * 80 + [("a", "core")] * 20 + [("b", "")] * 4 + [("c", "full")] * 96
    chosen = choose_rows(strata, 24)
    assert Counter(strata[number] for number in chosen) == {
        ("a", "core"): 5, ("a", "full"): 5, ("b", ""): 4, ("c", "full"): 10,
    }  # fmt: skip
    assert [strata[number][1] for number in chosen[:10]] == ["core"] * 5 + ["full"] * 5
    assert {after - before for before, after in pairwise(chosen[5:10])} == {16}
    assert choose_rows(strata, 1000) == [*range(80, 100), *range(80), *range(100, 200)]


def test_a_large_folder_is_sampled(tmp_path: Path, sample_folder: Path) -> None:
    rows = read_page_rows(sample_folder, most=40)
    assert rows == read_page_rows(sample_folder, most=40)
    assert Counter(entry.config for entry in rows.entries) == dict.fromkeys(rows.sizes, 10)
    text = render_page(make_quality(), rows.entries, [], {}, sizes=rows.sizes)
    assert text == render_page(make_quality(), rows.entries, [], {}, sizes=rows.sizes)
    assert f"40 of {sum(rows.sizes.values()):,} rows shown" in text


def test_columns_of_a_selection_may_be_there(tmp_path: Path, sample_folder: Path) -> None:
    table = pq.read_table(next((sample_folder / "contrastive").glob("test-*")))
    flags = [place % 2 == 0 for place in range(table.num_rows)]
    for name in ("hard", "reversed_cue"):
        table = table.append_column(name, pa.array(flags))
    (tmp_path / "contrastive").mkdir()
    pq.write_table(table.drop_columns("tier"), tmp_path / "contrastive" / "test-0.parquet")
    entries = read_page_rows(tmp_path).entries
    assert {entry.tier for entry in entries} == {""}
    assert Counter(entry.hard for entry in entries) == Counter(flags)
    assert 'name="reversed_cue"' in render_page(make_quality(), entries, [], {})


def test_a_text_that_recurs_is_there_once() -> None:
    pairs = [{"positive": "yes", "negative": "no", "prompt": "Well?"}] * 3
    data = json.loads(write_data(list_pair_entries(pairs)))
    assert sorted(data["texts"]) == ["Well?", "no", "yes"]
    assert [entry["id"] for entry in data["entries"]] == ["1", "2", "3"]


def test_rejections_are_told_by_reason() -> None:
    rejections = [make_rejection(1, reason="slot"), *map(make_rejection, range(1500))]
    text = render_page(make_quality(), [], rejections, {})
    assert "1,501 drafts were rejected" in text
    assert "1,000 of them are shown" in text
    assert text.index("refused</span>") < text.index("slot</span>")
    assert text.count('<details class="draft">') == 1000
    assert "{\n  &#34;b&#34;: 1\n}" in text
