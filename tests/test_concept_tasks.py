"""What a model may add to a concept file: drafts, their checks, the bundled and a live run."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from built import read_rows
from concept_files import SMALL, change, write
from damage import ERROR
from generators.concepts import main
from generators.engine.dialogue import Unfit
from generators.slots import CRITICAL_LAST, find_difference, list_frames
from generators.tasks import association, insertion, minimal_pair, relation
from model_server import serve
from schemas import (
    AssociationDraft,
    ConceptManifest,
    InsertionDraft,
    MinimalPairDraft,
    RelationDraft,
)
from schemas.concept import AttributePair, Concept, Edge

BABY = Concept(theme="life", slot="age", singular="baby", plural="babies", article="a")
ADULT = Concept(theme="life", singular="adult", plural="adults", article="an")
GREED = Concept(theme="money", mass="greed")
FIT = "At the end of the long pier the rowers were waiting for {a} with a red hat."
ALSO = "The captain counted the {plural} on the lower deck twice that night."
OPENINGS = frozenset({"the captain counted the plural on"})
TESTS = Path(__file__).parent


def read_manifest(folder: Path) -> ConceptManifest:
    return ConceptManifest.model_validate_json((folder / "manifest.json").read_text("utf-8"))


def test_sentences_that_fit_pass() -> None:
    draft = MinimalPairDraft(templates=[FIT, ALSO])
    minimal_pair.check_draft(draft, (BABY, ADULT), frozenset())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("At the end of the long pier the rowers were waiting for her with a red hat.", "slot"),
        ("At the end of the long pier {a} was waiting for {a} with a red hat.", "slot"),
        ("At the end of the long pier they were waiting for a {singular} in red.", "slot"),
        ("At the end of the long pier they were waiting for {mass} with a red hat.", "slot"),
        ("At the end of the long pier they were waiting for {person} in a hat.", "slot"),
        ("At the end of the pier a babysitter was waiting for {a} with a hat.", "names_concept"),
        ("At the end of the pier they were adults, and so was {a} in a red hat.", "names_concept"),
        ("They were waiting for {a} there.", "schema"),
        ("At the end of the long pier the rowers were waiting for {a} with a red", "schema"),
        ("At the end of the long pier they waited for {a} in a red caf\xe9.", "template_text"),
        ("At the end of the long pier\nthey were waiting for {a} with a red hat.", "template_text"),
        ("As an AI language model I was waiting for {a} at the end of the pier.", "refused"),
        (ALSO, "known_already"),
        (ALSO.replace("twice that night", "once"), "known_already"),
        (FIT.replace("with a red hat", "in red, and " + "o" * 1000), "schema"),
    ],
)  # fmt: skip
def test_a_sentence_that_does_not_fit_is_refused(text: str, reason: str) -> None:
    draft = MinimalPairDraft(templates=[FIT, text])
    with pytest.raises(Unfit) as refused:
        minimal_pair.check_draft(draft, (BABY, ADULT), OPENINGS)
    assert refused.value.reason == reason


def test_two_sentences_that_are_one_are_refused() -> None:
    draft = MinimalPairDraft(templates=[FIT, FIT.replace("red hat", "red cap")])
    with pytest.raises(Unfit, match="identical_options"):
        minimal_pair.check_draft(draft, (BABY, ADULT), frozenset())


SCENARIO = {
    "before": "A clerk counts the till.",
    "clause": "On the radio, somebody is talking about {}.",
    "after": "It is ten coins over. She looks at the door and",
}


def test_a_scenario_that_fits_passes() -> None:
    draft = InsertionDraft(**SCENARIO)
    insertion.check_draft(draft, GREED)
    assert insertion.read_scenario(draft, "money").text == (
        "A clerk counts the till. [On the radio, somebody is talking about {}.] It is ten coins"
        " over. She looks at the door and"
    )


@pytest.mark.parametrize(
    ("part", "text", "reason"),
    [
        ("clause", "On the radio, somebody is talking.", "slot"),
        ("clause", "On the radio, {} is what {} means.", "slot"),
        ("clause", "On the radio, somebody [in red] is talking about {}.", "slot"),
        ("clause", "On the radio, somebody is talking about {} and {x.", "slot"),
        ("before", "A clerk counts {}.", "slot"),
        ("clause", "On the radio, somebody is talking about {} and greed.", "names_concept"),
        ("after", "Her greed wins. She looks at the door and", "names_concept"),
        ("after", "She looks at the door and leaves.", "schema"),
        ("before", "A clerk counts the till", "schema"),
        ("before", "A clerk counts the till. " * 40, "template_text"),
        ("before", "In this scenario a clerk counts the till.", "meta_talk"),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused(part: str, text: str, reason: str) -> None:
    with pytest.raises(Unfit) as refused:
        insertion.check_draft(InsertionDraft(**{**SCENARIO, part: text}), GREED)
    assert refused.value.reason == reason


KNOWN = [Edge(source="greed", relation="kind_of", target="vice", reason="a habit")]
GOOD_EDGE = {"source": "greed", "relation": "causes", "target": "debt", "reason": "it is dear"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"target": "envy"}, "unknown_concept"),
        ({"source": "vice"}, "unknown_concept"),
        ({"target": "greed"}, "unknown_concept"),
        ({"target": "vice"}, "known_already"),
        ({"source": "vice", "target": "greed"}, "known_already"),
        ({"target": "Debt!"}, "schema"),
        ({"reason": " "}, "schema"),
    ],
)
def test_edges_are_checked(change: dict[str, str], reason: str | None) -> None:
    draft = RelationDraft.model_validate({"edges": [{**GOOD_EDGE, **change}]})
    if reason is None:
        relation.check_draft(draft, "greed", ["vice", "debt"], KNOWN)
        return
    with pytest.raises(Unfit) as refused:
        relation.check_draft(draft, "greed", ["vice", "debt"], KNOWN)
    assert refused.value.reason == reason


def test_edges_that_close_a_circle_are_refused() -> None:
    edges = [
        {**GOOD_EDGE, "source": "debt", "relation": "kind_of", "target": "greed"},
        {**GOOD_EDGE, "relation": "kind_of", "target": "thrift"},
    ]
    known = [Edge(source="thrift", relation="kind_of", target="debt", reason="as it may be")]
    with pytest.raises(Unfit, match="circular"):
        relation.check_draft(
            RelationDraft.model_validate({"edges": edges}), "greed", ["debt", "thrift"], known
        )


@pytest.mark.parametrize(
    ("positive", "negative", "reason"),
    [
        ("noble", "shameful", None),
        ("good", "vile", "known_already"),
        ("noble", "noble", "known_already"),
        ("noble", "greedy", "names_concept"),
        ("Noble", "shameful", "schema"),
        ("very noble", "shameful", "schema"),
        ("so" + "o" * 70, "shameful", "schema"),
    ],
)
def test_attributes_are_checked(positive: str, negative: str, reason: str | None) -> None:
    pair = {"positive": positive, "negative": negative}
    draft = AssociationDraft.model_validate({"attributes": [pair]})
    known = [AttributePair(positive="good", negative="bad", of=("concept",))]
    if reason is None:
        association.check_draft(draft, GREED, known)
        return
    with pytest.raises(Unfit) as refused:
        association.check_draft(draft, GREED, known)
    assert refused.value.reason == reason


def test_the_bundled_run_replays_what_was_written_by_hand(concept_folder: Path) -> None:
    written = yaml.safe_load((TESTS / "hand_written_concepts.yaml").read_text(encoding="utf-8"))
    assert len(written["minimal_pair"]) >= 10
    report = read_manifest(concept_folder).generation
    assert report is not None
    assert report.writer == "hand-written"
    for task, items in written.items():
        assert report.tasks[task].accepted == len(items)
        assert not report.tasks[task].rejected
    assert report.added["templates"] == sum(map(len, written["minimal_pair"].values()))
    for name in ("minimal_pairs", "insertions", "relations", "associations"):
        rows = [r for r in read_rows(concept_folder, name) if r["origin"] == "generated"]
        assert rows
        assert {row["provenance"]["model"] for row in rows} == {"hand-written"}
        assert {len(row["provenance"]["request_key"]) for row in rows} == {64}
    card = (concept_folder / "README.md").read_text(encoding="utf-8")
    assert "**Hand-written.**" in card
    assert "**unaudited**" in card


def answer(body: dict[str, Any], _: Any = None) -> str:
    """Answers each task of the small file once; some answers are unfit for good."""
    name = body["response_format"]["json_schema"]["name"]
    user = body["messages"][1]["content"]
    if name == "minimal_pair":
        slot = "{a}" if "{a}" in user else "{mass}"
        first = f"At the far end of the long pier the rowers had heard of {slot} in the news."
        second = f"Behind the old barn two of the farmhands were talking about {slot} again."
        return json.dumps({"templates": [first, second]})
    if name == "insertion":
        return json.dumps(SCENARIO)
    if name == "relation":
        concept = user.split("\n")[1]
        other = {"greed": "debt", "vice": "thrift", "thrift": "vice"}.get(concept, concept)
        return json.dumps({"edges": [{**GOOD_EDGE, "source": concept, "target": other}]})
    return json.dumps({"attributes": [{"positive": "good", "negative": "vile"}]})


def test_a_live_run_adds_rows_and_is_paid_once(tmp_path: Path, key: None) -> None:
    own = write(tmp_path / "own.yaml", SMALL)
    options = ["--concepts", str(own), "--out", str(tmp_path / "out"), "--model", "gpt-4o"]
    with serve(answer=answer) as (server, url):
        assert main([*options, "--base-url", url]) == 0
        asked = server.counts["requests"]
        assert main([*options, "--base-url", url]) == 0
        assert server.counts["requests"] == asked
    report = read_manifest(tmp_path / "out").generation
    assert report is not None
    assert report.tasks["minimal_pair"].accepted == report.tasks["minimal_pair"].asked == 2
    assert report.tasks["association"].rejected == {
        "known_already": report.tasks["association"].asked
    }
    assert report.rejected["known_already"] >= 4  # and thrift-vice, which vice-thrift was before
    assert report.tasks["association"].cost
    rejected = (tmp_path / "out" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rejected) == sum(report.rejected.values())
    for row in read_rows(tmp_path / "out", "minimal_pairs"):
        if row["origin"] == "generated":
            assert row["template"].startswith("written-")
            assert row["provenance"]["template"] == "minimal_pair/v1"
            assert row["text_licence"] == "generated"


def test_a_models_sentence_takes_no_row_from_the_file(tmp_path: Path, key: None) -> None:
    """Where it says the same, the concept file has said it before."""
    same = "His letter from the coast is about {mass} and the sea."
    again = [same, "Behind the old barn two of the farmhands were talking about {mass} again."]
    content = change("templates", "letter", "text", value="His letter from {mass} came at dawn.")
    own = write(tmp_path / "own.yaml", content)
    options = ["--concepts", str(own), "--kinds", "minimal_pairs"]
    assert main([*options, "--out", str(tmp_path / "bare")]) == 0
    with serve(answer=lambda body, _=None: json.dumps({"templates": again})) as (_, url):
        live = ["--model", "gpt-4o", "--base-url", url, "--out", str(tmp_path / "out")]
        assert main([*options, *live]) == 0
    before = read_rows(tmp_path / "bare", "minimal_pairs")
    after = read_rows(tmp_path / "out", "minimal_pairs")
    assert before == [row for row in after if row["origin"] == "template"]
    assert len(after) > len(before)
    assert len({(row["positive"], row["negative"]) for row in after}) == len(after)


def test_a_plan_says_what_would_be_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = write(tmp_path / "own.yaml", SMALL)
    options = ["--concepts", str(own), "--out", str(tmp_path / "out"), "--dry-run"]
    assert main([*options, "--model", "gpt-4o"]) == 0
    plan = capsys.readouterr().out
    for task in ("minimal_pair", "insertion", "relation", "association"):
        assert f"\n{task}" in plan
    assert "About $" in plan
    assert "Nothing was sent." in plan
    assert main([*options]) == 0
    assert "nothing would be asked" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_recording_of_other_requests_names_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = write(tmp_path / "own.yaml", SMALL)
    bundled = TESTS.parent / "generators" / "sample" / "concept_responses.jsonl"
    options = ["--concepts", str(own), "--out", str(tmp_path / "out"), "--recorded", str(bundled)]
    assert main(options) == 1
    error = capsys.readouterr().err.strip()
    assert ERROR.match(error)
    assert "no recorded answer for minimal_pair/v1 about greed/thrift" in error


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("a baby", "a child", (2, 0)),
        ("a baby", "an adult", (0, 0)),
        ("Save the baby.", "Save the adult.", (9, 1)),
        ("Save baby", "Save the baby", (5, 0)),
        ("old man", "young man", (0, 4)),
        ("x", "y", (0, 0)),
        ("it is, he said", "it was, he said", (3, 9)),
        ("don't go", "do go", (0, 3)),
    ],
)
def test_a_difference_is_whole_words(one: str, other: str, shared: tuple[int, int]) -> None:
    assert find_difference(one, other) == shared


def test_a_sentence_is_cut_where_enough_stands_before_its_slot() -> None:
    assert [f.variant for f in list_frames("One two three four {mass} five.")][0] == CRITICAL_LAST
    assert len(list(list_frames("One {mass} two three four."))) == 1
    assert len(list(list_frames("One two three four {mass}"))) == 1
