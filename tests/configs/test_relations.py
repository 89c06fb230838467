"""Premises and conclusions, judged by their words alone."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from built import read_rows


@pytest.fixture(scope="module")
def rows(concept_folder: Path) -> list[dict[str, Any]]:
    return read_rows(concept_folder, "relations")


PHRASES = {
    "kind_of": " is a kind of ",
    "related_to": " is related to ",
    "causes": " causes ",
    "associated_with": " is associated with ",
}


def parse(sentence: str) -> tuple[str, str, str]:
    """Returns what a sentence says, by its words alone."""
    (relation,) = [name for name, phrase in PHRASES.items() if phrase in sentence]
    source, target = sentence.removesuffix(".").split(PHRASES[relation])
    return bare(source.lower()), relation, bare(target)


def bare(noun: str) -> str:
    return noun.removeprefix("an ").removeprefix("a ")


def follows(premises: list[str], conclusion: str) -> bool:
    """Whether a sentence follows from others, by the rules of the card, worked out by hand."""
    facts = {parse(premise) for premise in premises}
    while True:
        new = {
            (sub, relation, target)
            for sub, is_kind, kind in facts
            if is_kind == "kind_of"
            for source, relation, target in facts
            if source == kind
        }
        if new <= facts:
            return parse(conclusion) in facts
        facts |= new


def test_a_conclusion_is_valid_where_it_follows(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert follows(row["premises"], row["conclusion"]) == row["valid"]
        assert parse(row["conclusion"])[1] == row["relation"]
        needed = [each for each in row["premises"] if each != row["distractor"]]
        assert len(needed) == row["hops"]
        assert len(needed) == len(row["premises"]) - bool(row["distractor"])
        assert len(row["edge_path"]) == 2 * row["hops"] + 1
        if row["valid"]:  # and every premise but the distractor is needed
            for premise in needed:
                rest = [each for each in needed if each != premise]
                assert not follows(rest, row["conclusion"])


def test_half_is_valid_in_every_cell(rows: list[dict[str, Any]]) -> None:
    cells: defaultdict[tuple[Any, ...], Counter[bool]] = defaultdict(Counter)
    for row in rows:
        cells[row["relation"], row["hops"], row["nonce"]][row["valid"]] += 1
    assert len(cells) == 4 * 3 * 2
    assert all(counted[True] == counted[False] > 0 for counted in cells.values())


def test_twins_differ_in_the_target_of_the_conclusion(
    rows: list[dict[str, Any]], concept_folder: Path
) -> None:
    network = json.loads((concept_folder / "concepts.json").read_text(encoding="utf-8"))
    themes = {node["id"]: node["theme"] for node in network["nodes"]}
    by_id = {row["id"]: row for row in rows}
    for row in by_id.values():
        twin = by_id[row["counterpart_id"]]
        assert twin["counterpart_id"] == row["id"]
        assert twin["valid"] != row["valid"]
        assert twin["premises"] == row["premises"]
        assert parse(twin["conclusion"])[:2] == parse(row["conclusion"])[:2]
        assert all(themes[concept] == row["theme"] for concept in row["edge_path"][::2])
        if row["distractor"] and not row["valid"]:  # word overlap tells nothing
            assert parse(row["distractor"])[2] == parse(row["conclusion"])[2]


def test_nonce_words_stand_where_they_should(rows: list[dict[str, Any]]) -> None:
    real = {parse(r["conclusion"])[0] for r in rows if not r["nonce"]}
    for row in rows:
        subject, _, target = parse(row["conclusion"])
        assert row["nonce"] == (row["nonce_scope"] != "none")
        if row["nonce"]:
            assert subject not in real
        if row["nonce_scope"] == "all":
            assert target not in real
