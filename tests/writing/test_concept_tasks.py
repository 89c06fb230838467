"""What a model may add to a concept file: drafts, and what the checks refuse."""

import pytest

from concept_files import GOOD_EDGE, SCENARIO
from generators.engine.dialogue import Unfit
from generators.writing import association, insertion, minimal_pair, relation
from schemas import (
    AssociationDraft,
    InsertionDraft,
    MinimalPairDraft,
    RelationDraft,
)
from schemas.concept import AttributePair, Concept, Edge

BABY = Concept(theme="life", slot="age", singular="baby", plural="babies", article="a")
ADULT = Concept(theme="life", singular="adult", plural="adults", article="an")
GREED = Concept(theme="money", mass="greed", kind="trait")
FIT = "At the end of the long pier the rowers were waiting for {a} with a red hat."
ALSO = "The captain counted the {plural} on the lower deck twice that night."
OPENINGS = frozenset({"the captain counted the plural on"})


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
    assert reason in {fault.reason for fault in refused.value.faults}


def test_two_sentences_that_are_one_are_refused() -> None:
    draft = MinimalPairDraft(templates=[FIT, FIT.replace("red hat", "red cap")])
    with pytest.raises(Unfit, match="identical_options"):
        minimal_pair.check_draft(draft, (BABY, ADULT), frozenset())


def test_a_scenario_that_fits_passes() -> None:
    draft = InsertionDraft(**SCENARIO)
    insertion.check_draft(draft, GREED)
    scenario = insertion.read_scenario(draft, "money")
    assert scenario.text == (
        "A clerk counts the till. [On the radio, somebody is talking about {}.] It is ten coins"
        " over. She looks at the door and"
    )
    assert scenario.behavior == "stealing"
    assert scenario.readout is not None
    assert scenario.readout.positive == "puts them into her bag."
    assert scenario.readout.negative == "puts them into the safe."


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
        ("positive", "Puts them into her bag.", "schema"),
        ("negative", "puts them into the safe", "schema"),
        ("negative", "puts them, one after the other, into the safe.", "schema"),
        ("positive", "puts them into her greedy hand.", "names_concept"),
        ("negative", "puts them into her bag.", "identical_options"),
        ("behavior", " ", "schema"),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused(part: str, text: str, reason: str) -> None:
    with pytest.raises(Unfit) as refused:
        insertion.check_draft(InsertionDraft(**{**SCENARIO, part: text}), GREED)
    assert reason in {fault.reason for fault in refused.value.faults}


KNOWN = [Edge(source="greed", relation="kind_of", target="vice", reason="a habit")]


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
    assert reason in {fault.reason for fault in refused.value.faults}


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
        ("lofty", "base", None),
        ("noble", "shameful", "copied_scene"),
        ("noble", "base", None),
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
        association.check_draft(draft, GREED, known, association.TASK.system)
        return
    with pytest.raises(Unfit) as refused:
        association.check_draft(draft, GREED, known, association.TASK.system)
    assert reason in {fault.reason for fault in refused.value.faults}
