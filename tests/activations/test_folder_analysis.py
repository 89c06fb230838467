"""A folder in a model that there is not: what is planted is found, and what is written is kept."""

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from built import read_manifest, read_rows
from fake_reader import FakeReader
from generators.activations import folder_analysis, network
from generators.activations.directions import hold_out
from generators.activations.measures import Spaces, measure_part
from generators.activations.near import find_near
from generators.activations.sentences import read_sentences
from generators.activations.sets import Part, read_set
from generators.activations.states import Floats
from generators.activations.words import multiply_words
from generators.concepts import build
from generators.configs.contrasts import Ints
from generators.dataset.measured import ACTIVATIONS, read_findings, read_model
from generators.errors import FolderError, SourceError, UsageError
from generators.folder import hash_file
from generators.publish.release import read_release
from generators.quality.selection.ngrams import Ngrams
from generators.report.__main__ import main as report
from planted import plant
from schemas.activations import ConfigActivations

PLACE = f"{ACTIVATIONS}/fake-model"
TODAY = date(2026, 1, 2)
AXIS = 2.0 * np.eye(32)[0]


@pytest.fixture(scope="module")
def folder(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("planted") / "machiavelli"
    return Path(shutil.copytree(sample_folder, out))


@pytest.fixture(scope="module")
def planted(folder: Path) -> FakeReader:
    """Shows who deceives, from layer 2 on, and nothing else."""
    rows = read_rows(folder, "contrastive")
    poles = {row["positive"] for row in rows if row["behavior"] == "deception"}
    return FakeReader(dict.fromkeys(sorted(poles), lambda layer: AXIS * (layer >= 2)))


@pytest.fixture(scope="module")
def found(folder: Path, planted: FakeReader) -> ConfigActivations:
    folder_analysis.run(folder, "contrastive", planted, today=TODAY)
    model = read_model(folder / PLACE / "activations.json")
    assert model is not None
    return model.configs["contrastive"]


def test_options_of_a_query_are_read_after_its_situation(sample_folder: Path) -> None:
    pairs = read_set(sample_folder, "icl", 20)
    situations = {row["query"]["observation"] for row in read_rows(sample_folder, "icl")}
    assert {pairs.passages[place].prompt.strip() for place in pairs.positive} <= situations
    assert pairs.alone is not None


def test_what_is_planted_is_found_and_the_rest_is_null(found: ConfigActivations) -> None:
    deception = found.parts["deception"]
    assert deception.mean.accuracy > 0.9
    assert deception.p_corrected < 0.05
    assert deception.split_half is not None
    assert deception.split_half > 0.7
    assert deception.groups_above == deception.groups
    assert deception.by_layer[0] < deception.null_by_layer[0][1]
    assert deception.by_layer[3] > deception.null_by_layer[3][1]
    assert deception.best.layer >= 2
    assert deception.best.accuracy > deception.best.null
    low, high = deception.mean.null
    assert low < 0.5 < high < 0.7
    unrelated = found.parts["fairness"]
    assert unrelated.p_corrected > 0.05


def test_few_menus_are_counted_and_not_shown(found: ConfigActivations) -> None:
    assert found.too_few
    assert all(number < 20 for number in found.too_few.values())
    assert not found.parts.keys() & found.too_few.keys()
    assert all(each.units >= 20 for each in found.parts.values())


def test_p_is_corrected_by_holm(found: ConfigActivations) -> None:
    ordered = sorted(found.parts.values(), key=lambda each: each.p)
    assert ordered[0].p_corrected == pytest.approx(min(1, ordered[0].p * len(ordered)), abs=1e-3)
    assert all(each.p_corrected >= each.p - 1e-4 for each in ordered)


def test_it_says_what_it_is_about(found: ConfigActivations, folder: Path) -> None:
    source = found.source
    assert (source.model.name, source.dataset, source.model.date) == (
        "fake-model",
        "machiavelli",
        TODAY,
    )
    assert source.files == {
        path.relative_to(folder).as_posix(): hash_file(path)
        for path in sorted((folder / "contrastive").glob("*.parquet"))
    }
    assert {"numpy", "contrapose"} <= source.model.versions.keys()
    assert found.does_not_show


def test_the_folder_lists_shows_and_keeps_it(
    found: ConfigActivations, folder: Path, sample_folder: Path
) -> None:
    manifest = read_manifest(folder)
    files = {name for name in manifest.files if name.startswith(ACTIVATIONS)}
    assert files == {
        f"{PLACE}/{name}"
        for name in (
            "activations.json",
            "contrastive-layers.svg",
            "contrastive-parts.svg",
            "contrastive-sets.svg",
        )
    }
    assert files <= set(read_release(folder).files)
    before = read_manifest(sample_folder)
    assert before.rows == manifest.rows
    assert before.files.items() <= manifest.files.items()
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "## In real models" in card
    assert f"| deception | {found.parts['deception'].units} |" in card
    assert all(f"]({name})" in card for name in files if name.endswith(".svg"))


def test_the_page_shows_it_and_a_new_report_keeps_it(
    measured_sample: Path, planted: FakeReader, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(measured_sample, tmp_path / "machiavelli"))
    assert "models-title" not in (copy / "report.html").read_text(encoding="utf-8")
    folder_analysis.run(copy, "contrastive", planted, rows=40, behaviors=["deception"], today=TODAY)
    (each,) = read_findings(copy)
    page = (copy / "report.html").read_text(encoding="utf-8")
    assert 'id="models-title"' in page
    assert page.count("<figure>") == len([*copy.rglob("*.svg")])
    assert report([str(copy)]) == 0
    assert read_findings(copy) == [each]
    assert (copy / "report.html").read_text(encoding="utf-8") == page
    assert "## In real models" in (copy / "README.md").read_text(encoding="utf-8")


def test_no_text_of_a_row_is_written(found: ConfigActivations, folder: Path) -> None:
    written = "".join(path.read_text("utf-8") for path in (folder / PLACE).iterdir())
    for row in read_rows(folder, "contrastive")[::50]:
        assert row["positive"] not in written
        assert row["decision_id"] not in written


def test_a_second_config_stands_beside_the_first(
    found: ConfigActivations, folder: Path, planted: FakeReader, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "machiavelli"))
    shown = folder_analysis.run(
        copy, "multiple_choice", planted, rows=30, behaviors=["deception"], today=TODAY
    )
    assert [*shown.found.configs] == ["multiple_choice"]
    (each,) = read_findings(copy)
    assert [*each.found.configs] == ["contrastive", "multiple_choice"]
    choice = each.found.configs["multiple_choice"]
    assert [*choice.parts] == ["deception"]
    assert choice.parts["deception"].units <= 30
    other = FakeReader(sha256="1" * 64, layers=3)
    folder_analysis.run(copy, "contrastive", other, rows=20, behaviors=["fairness"], today=TODAY)
    (each,) = read_findings(copy)
    assert [*each.found.configs] == ["contrastive"], "what other weights gave is gone"
    assert {Path(figure.path).name.partition("-")[0] for figure in each.figures} == {"contrastive"}


def test_the_same_run_writes_the_same_bytes(
    found: ConfigActivations, folder: Path, planted: FakeReader, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "machiavelli"))
    folder_analysis.run(copy, "contrastive", planted, today=TODAY)
    assert read_manifest(copy).files == read_manifest(folder).files


def test_words_win_where_only_words_differ() -> None:
    """One word gives the side away; the states are noise."""
    contrasts = plant("word", 1.0, pairs=120).contrasts
    sides = contrasts.positive, contrasts.negative
    unit = contrasts.unit.places
    design = hold_out(unit, contrasts.group.places, np.ones(len(unit), np.bool_))
    noise = np.random.default_rng(0).normal(size=(3, len(unit), 16)).astype(np.float32)

    def differ(layer: int, pairs: Ints) -> Floats:
        return noise[layer][pairs]

    words = multiply_words(Ngrams(contrasts.texts), sides, design)
    spaces = Spaces(3, differ, differ, None)
    measured = measure_part(Part("planted", design, None), spaces, words, np.zeros_like(unit))
    found = measured.reading
    assert found.words.accuracy > 0.75 > found.words.null[1]
    assert found.above_words.interval[1] < 0
    assert found.p > 0.05
    assert found.lessons is None, "no side is longer"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("icl", "--config icl: .* has no rows of it; expected one of decisions, contrastive"),
        ("contrastiv", "did you mean contrastive?"),
        ("decisions", "--config: 'decisions'; expected one with a positive and a negative side"),
    ],
)
def test_a_config_that_cannot_be_measured_is_named(
    sample_folder: Path, config: str, message: str, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(sample_folder, tmp_path / "machiavelli"))
    shutil.rmtree(copy / "icl")
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    manifest["rows"]["icl"] = {}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        folder_analysis.run(copy, config, FakeReader())


def test_a_behavior_that_there_is_not_is_named(sample_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"--behaviors: 'decption'; .*did you mean deception"):
        read_set(sample_folder, "contrastive", 20, ["decption"])


@pytest.fixture(scope="module")
def concepts(concept_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(concept_folder, tmp_path_factory.mktemp("planted") / "concepts"))


@pytest.mark.parametrize("config", ["minimal_pairs", "insertions", "relations", "associations"])
def test_concept_sets_are_tested_on_what_is_new(concepts: Path, config: str) -> None:
    """Whatever a tested pair is fitted on has other groups, sentences and texts."""
    pairs = read_set(concepts, config, 20)
    assert pairs.parts
    for part in pairs.parts:
        design = part.design
        assert len(design.units) >= 20
        assert len(design.tests) == len(design.sees)
        one, other = np.nonzero(design.sees)
        tested, fitted = design.tests[one], design.fits[other]
        for side in pairs.sides:
            for against in pairs.sides:
                assert not (side[tested] == against[fitted]).any()
        if part.name not in ("template", "both"):
            assert not (design.group[tested] == design.group[fitted]).any()


def test_a_limit_holds_for_prompts_and_every_unit_has_its_say(concepts: Path) -> None:
    """The premises of a path are told in several ways, each of which a model reads."""
    pairs = read_set(concepts, "relations", 20)
    for part in pairs.parts:
        prompts = {pairs.passages[pairs.positive[pair]].prompt for pair in part.design.tests}
        assert len(part.design.units) == len(prompts) == 20


def test_prompts_and_sides_are_parted_where_sides_begin_to_differ(concepts: Path) -> None:
    pairs = read_set(concepts, "minimal_pairs", 20)
    for place in range(0, len(pairs.positive), 25):
        one, other = (pairs.passages[side[place]] for side in (pairs.positive, pairs.negative))
        assert one.prompt == other.prompt
        assert not one.prompt or one.completion.startswith(" ")
        assert one.completion != other.completion
    assert pairs.alone is None


def test_minimal_pairs_are_measured_by_axis(concepts: Path) -> None:
    shown = folder_analysis.run(concepts, "minimal_pairs", FakeReader(), rows=24, today=TODAY)
    found = shown.found.configs["minimal_pairs"]
    assert found.part == "axis"
    assert {*found.parts, *found.too_few} == {"template", "concept", "both"}
    assert found.lessons is None
    assert found.above_words is None


def test_the_network_is_measured_and_shown(concepts: Path) -> None:
    reader, other = FakeReader(layers=3), FakeReader(name="other", layers=5, width=16)
    shown = network.run(concepts, reader, other, rows=6, today=TODAY)
    found = shown.found.network
    assert found is not None
    assert found.published is not None
    assert len(found.layers) == reader.layers
    assert found.other_layers == (0, 2, 4)
    for each in (found.published.all, found.published.in_theme, found.published.other):
        assert each is not None
        assert each.null[0] < each.value < each.null[1], "noise has no network"
    written = {path.name for path in (concepts / PLACE).iterdir()}
    assert {"network-distance.svg", "network-depth.svg"} <= written
    card = (concepts / "README.md").read_text(encoding="utf-8")
    assert "similarity and distance, all pairs" in card
    assert "not beyond chance" in card


def test_concepts_are_ranked_for_each_behavior(concepts: Path, folder: Path) -> None:
    sentences = read_sentences(concepts, 2)
    pairs = read_set(folder, "contrastive", 20, ["deception", "killing"])
    near = find_near(sentences, pairs, FakeReader(layers=3))
    assert [*near] == ["deception"], "the other is too small"
    assert set(near["deception"].nearest) == {"residual", "attention", "mlp"}
    assert all(len(each) == 5 for each in near["deception"].nearest.values())
    assert near["deception"].units == 20


def test_a_folder_without_a_network_is_named(concepts: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(concepts, tmp_path / "concepts"))
    (copy / "concepts.json").unlink()
    with pytest.raises(SourceError, match=r"concepts\.json: no network; expected"):
        network.run(copy, FakeReader())


def test_own_pairs_are_tested_on_other_groups(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    pairs = [
        {"positive": f"He lied about {n}.", "negative": f"He spoke of {n}.", "group": f"g{n % 12}"}
        for n in range(48)
    ]
    file.write_text("".join(f"{json.dumps(pair)}\n" for pair in pairs), encoding="utf-8")
    out = tmp_path / "pairs"
    build(out, pairs=[file], no_report=True)
    found = folder_analysis.run(out, "minimal_pairs", FakeReader(), rows=60, today=TODAY)
    measured = found.found.configs["minimal_pairs"]
    assert measured.part == "theme"
    assert [*measured.parts] == ["own"]
    assert measured.parts["own"].groups == 12


def test_the_folder_one_stands_in_is_refused_before_anything_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    reader = FakeReader()
    with pytest.raises(FolderError, match="the folder you are in"):
        folder_analysis.run(folder, "contrastive", reader)
    assert not reader.read
