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

from built import read_rows
from concept_files import SMALL, write
from damage import ERROR
from generators.concept_sets import CONCEPT_SETS
from generators.concepts import main
from schemas import CANARY, ConceptManifest

SETS = tuple(CONCEPT_SETS)
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
        CONCEPT_SETS[name].row.model_validate(row, strict=False)
        assert row["canary"] == CANARY
        assert row["origin"] in {"template", "generated"}
        assert (row["origin"] == "generated") == (row["provenance"]["model"] == "hand-written")
        assert row["text_licence"] == {"template": "cc0-1.0"}.get(row["origin"], "generated")


def test_texts_stand_once(rows: dict[str, list[dict[str, Any]]]) -> None:
    for name, columns in {
        "minimal_pairs": ("positive", "negative"),
        "insertions": ("inserted",),
        "associations": ("text",),
    }.items():
        texts = [tuple(row[column] for column in columns) for row in rows[name]]
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


def test_both_variants_are_there(rows: dict[str, list[dict[str, Any]]]) -> None:
    counted = Counter(row["variant"] for row in rows["minimal_pairs"])
    assert counted["critical_last"] == counted["shared_suffix"]


def test_a_control_is_the_same_clause_about_something_neutral(
    rows: dict[str, list[dict[str, Any]]], concept_folder: Path
) -> None:
    nodes = json.loads((concept_folder / "concepts.json").read_text(encoding="utf-8"))["nodes"]
    themes = {node["id"]: node["theme"] for node in nodes}
    for row in rows["insertions"]:
        assert themes[row["control_concept"]] == "neutral"
        assert row["control_concept"] != row["concept"]
        clause, control = (
            row[name][slice(*row[f"{name}_span"])].strip() for name in ("inserted", "control")
        )
        assert clause[-1] in '.?!"'
        assert abs(len(clause.split()) - len(control.split())) <= 1
        assert row["base"][-1].isalnum()
        assert row["base"][-30:] == row["inserted"][-30:] == row["control"][-30:]


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


def test_a_conclusion_is_valid_where_it_follows(rows: dict[str, list[dict[str, Any]]]) -> None:
    for row in rows["relations"]:
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


def test_half_is_valid_in_every_cell(rows: dict[str, list[dict[str, Any]]]) -> None:
    cells: defaultdict[tuple[Any, ...], Counter[bool]] = defaultdict(Counter)
    for row in rows["relations"]:
        cells[row["relation"], row["hops"], row["nonce"]][row["valid"]] += 1
    assert len(cells) == 4 * 3 * 2
    assert all(counted[True] == counted[False] > 0 for counted in cells.values())


def test_twins_differ_in_the_target_of_the_conclusion(
    rows: dict[str, list[dict[str, Any]]], concept_folder: Path
) -> None:
    network = json.loads((concept_folder / "concepts.json").read_text(encoding="utf-8"))
    themes = {node["id"]: node["theme"] for node in network["nodes"]}
    by_id = {row["id"]: row for row in rows["relations"]}
    for row in by_id.values():
        twin = by_id[row["counterpart_id"]]
        assert twin["counterpart_id"] == row["id"]
        assert twin["valid"] != row["valid"]
        assert twin["premises"] == row["premises"]
        assert parse(twin["conclusion"])[:2] == parse(row["conclusion"])[:2]
        assert all(themes[concept] == row["theme"] for concept in row["edge_path"][::2])
        if row["distractor"] and not row["valid"]:  # word overlap tells nothing
            assert parse(row["distractor"])[2] == parse(row["conclusion"])[2]


def test_nonce_words_stand_where_they_should(rows: dict[str, list[dict[str, Any]]]) -> None:
    real = {parse(r["conclusion"])[0] for r in rows["relations"] if not r["nonce"]}
    for row in rows["relations"]:
        subject, _, target = parse(row["conclusion"])
        assert row["nonce"] == (row["nonce_scope"] != "none")
        if row["nonce"]:
            assert subject not in real
        if row["nonce_scope"] == "all":
            assert target not in real


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


def test_nothing_crosses_a_split(
    rows: dict[str, list[dict[str, Any]]], concept_folder: Path
) -> None:
    """Neither a template, nor a contrast, nor a concept of it, nor a scenario, nor a theme."""
    network = json.loads((concept_folder / "concepts.json").read_text(encoding="utf-8"))
    joined = defaultdict(set)
    for one, other in network["graph"]["contrasts"]:
        joined[one].add(other)
        joined[other].add(one)
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows["minimal_pairs"]:
        found["template", row["template"]].add(row["split"])
        found["prefix", row["prefix"]].add(row["split"])
        for concept in row["contrast"].split("/"):
            found["concept", concept].add(row["split"])
            for other in joined[concept]:
                found["concept", other].add(row["split"])
    for row in rows["insertions"]:
        found["scenario", row["scenario"]].add(row["split"])
        found["base", row["base"]].add(row["split"])
        found["concept", row["concept"]].add(row["split"])
    for row in rows["associations"]:
        found["sentence", row["template"]].add(row["split"])
        kind = "concept" if row["target_kind"] == "concept" else "people"
        found[kind, row["target"]].add(row["split"])
    for row in rows["relations"]:
        found["theme", row["theme"]].add(row["split"])
    crossing = {thing: splits for thing, splits in found.items() if len(splits) > 1}
    assert not crossing
    for name in SETS:
        assert {row["split"] for row in rows[name]} == {"train", "validation", "test"}


def test_rows_are_sorted_by_theme(rows: dict[str, list[dict[str, Any]]]) -> None:
    for name in ("minimal_pairs", "insertions", "relations", "associations"):
        for _, split in groupby(rows[name], key=lambda row: row["split"]):
            runs = [theme for theme, _ in groupby(row["theme"] for row in split)]
            assert len(runs) == len(set(runs))


def test_the_network_goes_along(concept_folder: Path) -> None:
    network = json.loads((concept_folder / "concepts.json").read_text(encoding="utf-8"))
    names = {node["id"] for node in network["nodes"]}
    assert len(network["links"]) >= 250
    for link in network["links"]:
        assert {link["source"], link["target"]} <= names
        assert link["reason"]


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


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """In another process, whose hashes of texts are salted otherwise."""
    build(tmp_path / "one", "--limit", "60")
    command = [sys.executable, "-m", "generators.concepts", "--limit", "60"]
    subprocess.run(
        [*command, "--out", str(tmp_path / "other" / "one")],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
    )
    assert list_files(tmp_path / "other" / "one") == list_files(tmp_path / "one")


def build(out: Path, *options: str) -> dict[str, list[dict[str, Any]]]:
    assert main(["--out", str(out), *options]) == 0
    return {name: read_rows(out, name) for name in SETS}


def test_a_seed_moves_distractors_and_nothing_else(tmp_path: Path) -> None:
    one, other = (build(tmp_path / seed, "--limit", "33", "--seed", seed) for seed in ("0", "1"))
    for name in ("minimal_pairs", "insertions", "associations"):
        assert one[name] == other[name]
    assert one["relations"] != other["relations"]
    for row, moved in zip(one["relations"], other["relations"], strict=True):
        assert {**row, "premises": sorted(row["premises"])} == {
            **moved,
            "premises": sorted(moved["premises"]),
        }


def test_a_limit_takes_a_part_and_changes_no_row(
    tmp_path: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    limited = build(tmp_path / "out", "--limit", "30")
    for name in ("minimal_pairs", "associations"):
        every = {row["id"]: row for row in rows[name]}
        assert 0 < len(limited[name]) < len(every)
        assert all(every[row["id"]] == row for row in limited[name])
    contrasts = {row["contrast"] for row in limited["minimal_pairs"]}
    assert len(contrasts) <= 30


def test_a_row_does_not_depend_on_the_kinds(
    tmp_path: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    alone = build(tmp_path / "out", "--kinds", "associations")
    assert alone["associations"] == rows["associations"]
    assert not alone["relations"]


def test_the_summary_shows_three_rows_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "out"), "--limit", "11"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    for name in SETS:
        part = shown.out.split(f"\n{name}:\n")[1].split("\n\n")[0]
        assert part.count("«") == {"minimal_pairs": 6, "insertions": 6}.get(name, 3)
    for said in ("Aligned of", "minimal_pairs.theme:", "relations.relation:", "Hand-written:"):
        assert said in shown.out


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--kinds", "pairs"], 2, "--kinds: 'pairs'; expected some of minimal_pairs"),
        (["--tokenizer", "llama2"], 2, "'llama2' without a file; expected NAME=FILE"),
        (["--tokenizer", "gpt2", "--tokenizer", "gpt2"], 2, "'gpt2' twice"),
        (["--tokenizer", "a=/no/such/file"], 1, "No such file or directory; expected a tokenizer"),
        (["--concepts", "/no/such/file"], 1, "No such file or directory; expected a YAML file"),
        (["--judge-model", "m"], 2, "--judge-model: no model"),
    ],
)
def test_wrong_options_are_one_line(
    options: list[str],
    status: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--out", str(tmp_path / "out"), *options]) == status
    error = capsys.readouterr().err.strip()
    assert ERROR.match(error), error
    assert said in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["{}", '{"version": "1.0"}', "no json", '{"model": {}}'])
def test_a_file_that_is_no_tokenizer_is_one_line(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content, encoding="utf-8")
    assert main(["--out", str(tmp_path / "out"), "--tokenizer", f"mine={path}"]) == 1
    error = capsys.readouterr().err.strip()
    assert ERROR.match(error), error
    assert error.startswith(f"--tokenizer mine={path}: ")


def test_a_file_that_gives_no_row_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = write(tmp_path / "own.yaml", SMALL)
    options = ["--concepts", str(own), "--out", str(tmp_path / "out"), "--kinds", "relations"]
    bare = {**SMALL, "edges": [], "relations": {}}
    write(own, bare)
    assert main(options) == 1
    error = capsys.readouterr().err.strip()
    assert ERROR.match(error)
    assert "no row; expected at least one" in error
