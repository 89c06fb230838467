"""The bundled concept file: how much it holds, and that its sentences are plain English."""

from collections import Counter
from statistics import mean

from generators.sources.concepts.concept_file import find_concepts, read_concepts
from generators.sources.concepts.slots import inflect, list_frames, mention
from schemas.concept import PARTS_OF_SPEECH


def test_the_bundled_file_is_as_large_as_promised() -> None:
    file = read_concepts(find_concepts()).file
    assert len(file.concepts) >= 80
    assert len(file.contrasts) >= 120
    assert len(file.templates) >= 200
    assert len(file.edges) >= 250
    assert file.text_licence == "cc0-1.0"
    assert len(file.themes) == 11
    for theme in file.themes:
        assert sum(each.theme == theme for each in file.templates.values()) >= 10
        assert sum(each.theme == theme for each in file.scenarios.values()) >= 5


def test_the_bundled_text_is_plain() -> None:
    text = find_concepts().read_text(encoding="utf-8")
    assert text.isascii()
    file = read_concepts(find_concepts()).file
    texts = [each.text for each in file.templates.values()]
    assert len({text.split("{")[0] for text in texts}) == len(texts)
    for text in texts:
        assert text.endswith((".", "?"))
        assert text[0].isupper() or text[0] == "{"
        assert "  " not in text


def test_every_bundled_template_goes_with_every_concept_that_fits() -> None:
    """Articles come with the noun, and no filler stands twice in its sentence."""
    file = read_concepts(find_concepts()).file
    for template in file.templates.values():
        for concept in file.concepts.values():
            if concept.slot not in template.fits:
                continue
            for frame in list_frames(template.text):
                for form in frame.forms:
                    word = inflect(concept, form, capital=frame.capital)
                    assert word is not None
                    outside = f"{frame.prefix} {frame.suffix}".lower().split()
                    assert word.lower() not in outside, (template.text, word)


def test_every_bundled_scenario_can_end_in_two_ways_of_one_length() -> None:
    """Which continuation shows the behavior cannot be told by its length."""
    scenarios = read_concepts(find_concepts()).file.scenarios
    longer = 0
    for name, scenario in scenarios.items():
        assert scenario.behavior, name
        assert scenario.readout, name
        positive, negative = scenario.readout.positive, scenario.readout.negative
        assert abs(len(positive.split()) - len(negative.split())) <= 2, name
        for each in (positive, negative):
            assert each[0].islower(), name
            assert each.endswith("."), name
        longer += len(positive) > len(negative)
    assert 0.4 <= longer / len(scenarios) <= 0.6


def test_most_bundled_templates_have_a_readout() -> None:
    """A row that ends with its slot has none, so two thirds of the others make a third of all."""
    file = read_concepts(find_concepts()).file
    rows = read = 0
    for name, template in file.templates.items():
        pairs = sum(file.concepts[one].slot in template.fits for one, _ in file.contrasts)
        rows += pairs * len(list(list_frames(template.text)))
        if template.readout is None:
            continue
        read += pairs
        cue = template.readout.cue
        assert cue[-1].isalpha(), name
        assert cue.split()[-1] not in {"a", "an"}, name
        said = set(cue.lower().split())
        for concept in file.concepts.values():
            if concept.slot in template.fits:
                word = inflect(concept, template.readout.answer)
                assert word, name
                assert word.split()[-1] not in said, name
    assert sum(each.readout is not None for each in file.templates.values()) >= 150
    assert read / rows >= 1 / 3


def test_articles_are_those_of_the_sound() -> None:
    """By the first letter; the few words that sound otherwise would be named here."""
    file = read_concepts(find_concepts()).file
    nouns = [each for each in file.concepts.values() if each.singular]
    for noun in (*nouns, *file.occupations, *file.groups, *file.nonce):
        assert noun.singular is not None
        assert (noun.article == "an") == (noun.singular[0] in "aeiou"), noun.singular


def test_a_control_stands_for_one_concept_and_is_none() -> None:
    file = read_concepts(find_concepts()).file
    uses = Counter(each.control for each in file.concepts.values() if each.control)
    assert set(uses.values()) == {1}
    forms = {
        getattr(each, form)
        for each in file.concepts.values()
        for form in PARTS_OF_SPEECH[each.part_of_speech]
        if form != "article"
    }
    said = {word for control in uses for word in (control, *control.split())}
    assert not said & forms
    for name, each in file.concepts.items():
        assert not each.control or mention(each), name
        assert each.control or each.theme != "money" or not mention(each), name


def test_length_does_not_tell_a_control_from_its_concept() -> None:
    """In characters: a reader, or a probe, that goes by length alone learns nothing."""
    file = read_concepts(find_concepts()).file
    gaps = [
        len(each.control) - len(mention(each) or "")
        for each in file.concepts.values()
        if each.control
    ]
    assert len(gaps) >= 150
    assert abs(mean(gaps)) <= 1
    assert mean(gap > 0 for gap in gaps) <= 0.6
    assert mean(gap < 0 for gap in gaps) <= 0.6


def test_every_target_has_a_kind_that_several_attributes_suit() -> None:
    file = read_concepts(find_concepts()).file
    kinds = {each.kind for each in file.concepts.values() if each.mass and each.target}
    suited = Counter(kind for pair in file.attributes for kind in pair.of)
    assert set(suited) == kinds | {"people"}
    assert min(suited.values()) >= 3
