"""The folder of concept sets: rows, splits, balance, bytes."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from built import forget_tier, read_rows
from generators.concepts.__main__ import main
from generators.configs import CONCEPT_CONFIGS
from generators.sources.concepts.concept_file import find_concepts
from schemas import CANARY, ConceptManifest

SETS = tuple(CONCEPT_CONFIGS)
FEWEST = {"minimal_pairs": 3000, "insertions": 400, "relations": 2000, "associations": 1500}


@pytest.fixture(scope="module")
def rows(concept_folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: read_rows(concept_folder, name) for name in SETS}


def read_manifest(folder: Path) -> ConceptManifest:
    return ConceptManifest.model_validate_json((folder / "manifest.json").read_text("utf-8"))


@pytest.mark.parametrize("name", SETS)
def test_rows_fit_their_schema(name: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The pairs are made as columns, and so never pass through their model: here they do."""
    found = rows[name]
    assert len(found) >= FEWEST[name]
    assert len({row["id"] for row in found}) == len(found)
    for row in found:
        CONCEPT_CONFIGS[name].row.model_validate(row, strict=False)
        assert row["canary"] == CANARY
        assert row["origin"] in {"template", "generated"}
        assert (row["origin"] == "generated") == (row["provenance"]["model"] == "hand-written")
        assert row["text_licence"] == {"template": "cc0-1.0"}.get(row["origin"], "generated")


def test_texts_stand_once(rows: dict[str, list[dict[str, Any]]]) -> None:
    for name, columns in {
        "minimal_pairs": ("positive", "negative"),
        "insertions": ("inserted",),
        "relations": ("premises", "conclusion"),
        "associations": ("text",),
    }.items():
        texts = [str([row[column] for column in columns]) for row in rows[name]]
        assert len(set(texts)) == len(texts)


def test_a_pair_differs_in_its_spans_only(rows: dict[str, list[dict[str, Any]]]) -> None:
    for row in rows["minimal_pairs"]:
        first, last = row["positive_span"]
        other = row["negative_span"]
        assert row["positive"] == row["prefix"] + row["positive"][first:last] + row["suffix"]
        assert row["negative"] == row["prefix"] + row["negative"][slice(*other)] + row["suffix"]
        assert row["positive"][first:last] != row["negative"][slice(*other)]
        assert row["contrast"].split("/")[0] == row["concept"]
        assert (row["variant"] == "critical_last") == (row["suffix"] == "")
        for text in (row["positive"], row["negative"]):
            assert " a a" not in text
            assert " a o" not in text
            assert "{" not in text


def test_a_sentence_has_both_variants(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Unless it is too short before its slot to be cut there."""
    counted = Counter(row["variant"] for row in rows["minimal_pairs"])
    assert 0.95 <= counted["critical_last"] / counted["shared_suffix"] <= 1


def test_a_readout_is_what_the_sides_go_on_with(
    rows: dict[str, list[dict[str, Any]]], concept_folder: Path
) -> None:
    """At least a third of the rows has one, and none that ends with its slot."""
    network = json.loads((concept_folder / "concepts.json").read_text(encoding="utf-8"))
    forms = {node["id"]: {*node["forms"].values()} for node in network["nodes"]}
    read = [row for row in rows["minimal_pairs"] if row["readout"] is not None]
    assert len(read) >= len(rows["minimal_pairs"]) / 3
    for row in read:
        assert row["variant"] == "shared_suffix"
        readout = row["readout"]
        assert readout["cue"] == readout["cue"].strip() != ""
        positive, negative = row["contrast"].split("/")
        for name, word in ((positive, readout["positive"]), (negative, readout["negative"])):
            assert word.removeprefix("a ").removeprefix("an ") in forms[name]


def test_a_control_is_the_same_clause_about_another_word(
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    words: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows["insertions"]:
        words[row["concept"]].add(row["control_concept"])
        clause, control = (
            row[name][slice(*row[f"{name}_span"])].strip() for name in ("inserted", "control")
        )
        assert clause[-1] in '.?!"'
        assert row["control_concept"].lower() in control.lower()
        assert abs(len(clause.split()) - len(control.split())) <= 2
        assert row["base"][-1].isalnum()
        assert row["base"][-30:] == row["inserted"][-30:] == row["control"][-30:]
        assert row["behavior"]
        assert row["readout"]["cue"] == ""
        assert row["readout"]["positive"] != row["readout"]["negative"]
    assert len(words) >= 150
    assert all(len(controls) == 1 for controls in words.values())


def test_money_and_greed_are_mentioned_in_most_decisions(
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    for concept in ("money", "greed"):
        found = [row for row in rows["insertions"] if row["concept"] == concept]
        assert len(found) >= 50
        assert len({row["theme"] for row in found}) >= 9
        assert {row["split"] for row in found} >= {"train", "test"}


def test_associations_are_balanced(rows: dict[str, list[dict[str, Any]]]) -> None:
    by_id = {row["id"]: row for row in rows["associations"]}
    by_target: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in by_id.values():
        by_target[row["target"]][row["valence"]] += 1
        twin = by_id[row["counterpart_id"]]
        assert twin["valence"] != row["valence"]
        first, last = row["attribute_span"]
        assert row["text"][first:last] == row["attribute"]
        start, end = twin["attribute_span"]
        assert row["text"][:first] == twin["text"][:start]
        assert row["text"][last:] == twin["text"][end:]
    assert all(counted["positive"] == counted["negative"] for counted in by_target.values())
    kinds = {row["target_kind"] for row in by_id.values()}
    assert kinds == {"concept", "occupation", "nonce_group"}
    for direction in ("target_first", "attribute_first"):
        splits = {r["split"] for r in by_id.values() if r["direction"] == direction}
        assert splits == {"train", "validation", "test"}


TEMPLATES = {"minimal_pairs": "template", "insertions": "scenario", "associations": "template"}
"""Config -> the column of its sentence or scenario; relations have none."""


def list_named(name: str, row: dict[str, Any], twins: dict[str, dict[str, Any]]) -> list[str]:
    """Returns what a row is about, and the words that stand for it: all that must be new."""
    if name == "minimal_pairs":
        return [row["group"], *row["contrast"].split("/")]
    if name == "insertions":
        return [row["group"], row["concept"], row["control_concept"]]
    if name == "associations":
        return [row["target"], row["attribute"], twins[row["counterpart_id"]]["attribute"]]
    return [row["theme"]]


@pytest.mark.parametrize("name", SETS)
def test_axis_says_what_is_new_in_a_test_row(
    name: str, rows: dict[str, list[dict[str, Any]]]
) -> None:
    """By what stands in train and in validation: nothing that is new in test stands there."""
    twins = {row["id"]: row for row in rows[name]}
    before = [row for row in rows[name] if row["split"] == "train"]
    known = {each for row in before for each in list_named(name, row, twins)}
    column = TEMPLATES.get(name)
    templates = {row[column] for row in before} if column else set()
    axes: Counter[str] = Counter()
    for row in rows[name]:
        assert (row["axis"] is None) == (row["split"] != "test")
        if row["split"] == "test":
            axes[row["axis"]] += 1
            new = not known & set(list_named(name, row, twins))
            assert new == (row["axis"] in {"concept", "both"}), row["id"]
            if column:
                assert (row[column] in templates) == (row["axis"] == "concept"), row["id"]
    assert axes.keys() == ({"concept", "template", "both"} if column else {"concept"})
    for row in rows[name]:
        if row["split"] == "validation":
            if known & set(list_named(name, row, twins)):
                assert column
                assert row[column] not in templates
    tally = {"minimal_pairs": (200, 600, 850), "insertions": (100, 200, 400)}.get(name)
    if tally:
        assert axes["both"] >= tally[0]
        assert axes["concept"] >= tally[1]
        assert axes["template"] >= tally[2]


def test_every_theme_of_minimal_pairs_has_every_axis(
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    found = {(row["theme"], row["axis"]) for row in rows["minimal_pairs"] if row["axis"]}
    assert len(found) == 3 * 11


def test_no_sentence_and_no_nonce_word_is_in_two_splits(
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    """Unless the sentence is one of train that a new concept is put into."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows["minimal_pairs"]:
        if row["axis"] != "concept":
            found[row["group"], row["prefix"]].add(row["split"])
    real = {
        word
        for row in rows["relations"]
        if row["nonce_scope"] == "none"
        for premise in row["premises"]
        for word in premise.lower().rstrip(".").split()
    }
    for row in rows["relations"]:
        if row["nonce_scope"] == "all":
            for premise in row["premises"]:
                for word in set(premise.lower().rstrip(".").split()) - real:
                    found["nonce", word].add(row["split"])
    assert sum(kind == "nonce" for kind, _ in found) >= 100
    assert not {thing: splits for thing, splits in found.items() if len(splits) > 1}


def test_rows_are_sorted_by_theme(rows: dict[str, list[dict[str, Any]]]) -> None:
    for name in ("minimal_pairs", "insertions", "relations", "associations"):
        for _, split in groupby(rows[name], key=lambda row: row["split"]):
            runs = [theme for theme, _ in groupby(row["theme"] for row in split)]
            assert len(runs) == len(set(runs))


def test_the_network_goes_along(concept_folder: Path) -> None:
    """As networkx reads it with its defaults."""
    import networkx

    text = (concept_folder / "concepts.json").read_text(encoding="utf-8")
    network = networkx.node_link_graph(json.loads(text))
    assert network.is_directed()
    assert network.is_multigraph()
    assert network.number_of_edges() >= 250
    assert all(data["theme"] for _, data in network.nodes(data=True))
    assert all(data["reason"] for *_, data in network.edges(data=True))
    assert network.has_edge("greed", "theft", key="causes")


@pytest.mark.parametrize("name", SETS)
def test_every_config_loads_offline(name: str, concept_folder: Path) -> None:
    from datasets import load_dataset

    loaded = load_dataset(str(concept_folder), name)
    sizes = read_manifest(concept_folder).rows[name]
    assert {split: len(part) for split, part in loaded.items()} == {
        split: size.rows for split, size in sizes.items()
    }


def list_files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a few contrasts."""
    out = tmp_path_factory.mktemp("few") / "one"
    build(out, "--limit", "22")
    return out


def test_the_same_seed_gives_the_same_bytes(few: Path, tmp_path: Path) -> None:
    """In another process, whose hashes of texts are salted otherwise."""
    command = [sys.executable, "-m", "generators.concepts", "--limit", "22"]
    subprocess.run(
        [*command, "--no-report", "--out", str(tmp_path / "other" / "one")],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
    )
    assert list_files(tmp_path / "other" / "one") == list_files(few)


def build(out: Path, *options: str) -> dict[str, list[dict[str, Any]]]:
    assert main(["--no-report", "--out", str(out), *options]) == 0
    return {name: read_rows(out, name) for name in SETS}


def test_a_seed_moves_distractors_and_nothing_else(few: Path, tmp_path: Path) -> None:
    one = {name: read_rows(few, name) for name in SETS}
    other = build(tmp_path / "out", "--limit", "22", "--seed", "1")
    for name in ("minimal_pairs", "insertions", "associations"):
        assert one[name] == other[name]
    assert one["relations"] != other["relations"]
    for row, moved in zip(one["relations"], other["relations"], strict=True):
        assert {**row, "premises": sorted(row["premises"])} == {
            **moved,
            "premises": sorted(moved["premises"]),
        }


def test_a_limit_takes_a_part_and_changes_no_row(
    few: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    limited = {name: read_rows(few, name) for name in SETS}
    for name in SETS:
        every = {row["id"]: forget_tier(row) for row in rows[name]}
        assert 0 < len(limited[name]) < len(every)
        assert all(every[row["id"]] == forget_tier(row) for row in limited[name])
    contrasts = {row["contrast"] for row in limited["minimal_pairs"]}
    assert len(contrasts) <= 22


@pytest.mark.parametrize("name", SETS)
def test_a_row_does_not_depend_on_the_kinds(
    name: str, tmp_path: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    alone = build(tmp_path / "out", "--kinds", name, "--limit", "11")
    every = {row["id"]: forget_tier(row) for row in rows[name]}
    assert alone[name]
    assert all(every[row["id"]] == forget_tier(row) for row in alone[name])
    assert not any(alone[other] for other in SETS if other != name)


def test_what_a_model_adds_changes_no_other_row(
    tmp_path: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    """The bundled file as a file of one's own is built without the bundled answers."""
    bare = build(tmp_path / "out", "--concepts", str(find_concepts()), "--limit", "22")
    for name in SETS:
        every = {row["id"]: forget_tier(row) for row in rows[name] if row["origin"] == "template"}
        assert all(every[row["id"]] == forget_tier(row) for row in bare[name])
        kept = {row["id"] for row in bare[name]}
        if name == "minimal_pairs":  # and none is missing
            contrasts = {row["contrast"] for row in bare[name]}
            assert kept == {key for key, row in every.items() if row["contrast"] in contrasts}
