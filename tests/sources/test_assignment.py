"""What is assigned to splits: by share, inside each theme, from the concept file alone."""

from collections import Counter, defaultdict

import pytest

from concept_files import SMALL, change
from generators.sources.concepts.assignment import (
    Assigned,
    deal_associations,
    deal_insertions,
    deal_minimal_pairs,
    deal_relations,
)
from generators.sources.concepts.concept_file import find_concepts, read_concepts
from generators.sources.concepts.network import connect
from generators.sources.concepts.slots import mention
from generators.sources.concepts.targets import list_targets, name_attributes
from generators.splits import GROUP_SHARES, TEMPLATE_SHARES, Place, assign, find_place
from schemas.base import Split
from schemas.concept import ConceptFile

FILE = read_concepts(find_concepts()).file
DEALERS = (deal_minimal_pairs, deal_insertions, deal_relations, deal_associations)


@pytest.mark.parametrize("shares", [GROUP_SHARES, TEMPLATE_SHARES])
def test_things_of_one_size_are_dealt_by_share(shares: dict[Split, int]) -> None:
    assigned = assign({f"thing {n}": {"theme": 3} for n in range(100)}, shares)
    assert Counter(assigned.values()) == shares


def test_each_theme_is_dealt_by_itself() -> None:
    sizes = {f"{theme} {n}": {theme: 1} for theme in "ab" for n in range(20)}
    assigned = assign(sizes, GROUP_SHARES)
    for theme in "ab":
        assert Counter(split for name, split in assigned.items() if name[0] == theme) == {
            "train": 15, "validation": 1, "test": 4,
        }  # fmt: skip
    alone = assign({name: rows for name, rows in sizes.items() if name[0] == "a"}, GROUP_SHARES)
    assert alone.items() <= assigned.items()


def test_the_largest_is_dealt_first_and_ties_by_hash() -> None:
    """By hand: of 100 rows train lacks 75, and after 60 of them less than test."""
    sizes = {"small": {"t": 15}, "large": {"t": 60}, "middle": {"t": 25}}
    assert assign(sizes, GROUP_SHARES) == {
        "large": "train",
        "middle": "test",
        "small": "train",
    }
    names = [f"n{n}" for n in range(40)]
    one = assign({name: {"t": 1} for name in names}, GROUP_SHARES)
    assert one == assign({name: {"t": 1} for name in reversed(names)}, GROUP_SHARES)
    assert one != assign({name: {"t": 1} for name in [f"m{n}" for n in range(40)]}, GROUP_SHARES)


def test_a_name_stands_where_it_may() -> None:
    sizes = {f"n{n}": {"t": 1} for n in range(40)}
    allowed: dict[str, set[Split]] = {name: {"train", "validation"} for name in sizes}
    assert set(assign(sizes, GROUP_SHARES, allowed).values()) == {"train", "validation"}


def test_a_row_stands_where_its_group_and_its_template_say() -> None:
    """The rule of the card, case by case."""
    assert find_place("train", "train") == Place("train", None)
    assert find_place("test", "train") == Place("test", "concept")
    assert find_place("train", "test") == Place("test", "template")
    assert find_place("test", "test") == Place("test", "both")
    assert find_place("validation", "train") == Place("validation", None)
    assert find_place("train", "validation") == Place("validation", None)
    assert find_place("validation", "validation") == Place("validation", None)
    assert find_place("validation", "test") is find_place("test", "validation") is None


def test_names_are_connected_over_what_is_no_name() -> None:
    edges = [("a", "'x'"), ("c", "'x'"), ("b", "'y'"), ("d", "e")]
    assert connect("abcde", edges) == {"a": "a", "c": "a", "b": "b", "d": "d", "e": "d"}


def list_rows(file: ConceptFile, assigned: Assigned) -> dict[str, Counter[Place | None]]:
    """Returns theme -> place -> pairs of a contrast and a sentence."""
    found: defaultdict[str, Counter[Place | None]] = defaultdict(Counter)
    for name, template in file.templates.items():
        for one, _ in file.contrasts:
            if file.concepts[one].slot in template.fits:
                place = find_place(assigned.split_of(one), assigned.templates[name])
                found[template.theme][place] += 1
    return found


def test_every_theme_of_the_bundled_file_has_every_axis() -> None:
    rows = list_rows(FILE, deal_minimal_pairs(FILE))
    assert rows.keys() == FILE.themes.keys()
    for found in rows.values():
        for axis in ("concept", "template", "both"):
            assert found[Place("test", axis)] > 0
        whole = sum(found.values())
        assert 0.45 <= found[Place("train", None)] / whole <= 0.60
        assert found[None] / whole <= 0.06


def test_sentences_with_the_same_words_are_dealt_as_one() -> None:
    text = "His letter from the coast is about {mass} and "
    content = change("templates", "letter", "text", value=f"{text}the sea.")
    for number in range(20):
        content["templates"][f"again{number}"] = {
            "theme": "money", "fits": ["trait"], "text": f"{text}nothing more than {number}.",
        }  # fmt: skip
    templates = deal_minimal_pairs(ConceptFile.model_validate(content, strict=False)).templates
    assert len({split for name, split in templates.items() if name != "boat"}) == 1
    for number in range(20):
        content["templates"][f"again{number}"]["text"] = f"On day {number} they wrote of {{mass}}."
    templates = deal_minimal_pairs(ConceptFile.model_validate(content, strict=False)).templates
    assert set(templates.values()) == {"train", "validation", "test"}


def test_concepts_that_share_a_word_are_one_group() -> None:
    """As control of both, or where the control of one is the other."""
    file = ConceptFile.model_validate(
        change("concepts", "debt", "control", value="commerce"), strict=False
    )
    assert deal_insertions(file).groups["debt"] == deal_insertions(file).groups["greed"] == "debt"
    file = ConceptFile.model_validate(
        change("concepts", "debt", "control", value="Vices"), strict=False
    )
    assert deal_insertions(file).groups["vice"] == "debt"
    file = ConceptFile.model_validate(SMALL, strict=False)
    assert deal_insertions(file).groups["vice"] == "vice"


def test_no_word_of_an_insertion_stands_in_two_splits() -> None:
    assigned = deal_insertions(FILE)
    found: defaultdict[str, set[Split]] = defaultdict(set)
    for name, concept in FILE.concepts.items():
        for word in (mention(concept), concept.control):
            if concept.control is not None and word is not None:
                found[word.lower()].add(assigned.split_of(name))
    assert len(found) >= 300
    assert all(len(splits) == 1 for splits in found.values())


def test_a_target_stands_where_attributes_suit_it() -> None:
    assigned = deal_associations(FILE)
    words: defaultdict[str, set[Split]] = defaultdict(set)
    for pair in FILE.attributes:
        for word in (pair.positive, pair.negative):
            words[word].add(assigned.words[name_attributes(pair)])
    assert all(len(splits) == 1 for splits in words.values())
    assert set(assigned.words.values()) >= {"train", "test"}
    targets = [target for target in list_targets(FILE) if target.said_as is not None]
    assert len(targets) >= 150
    for target in targets:
        splits = {
            assigned.words[name_attributes(pair)] for pair in FILE.attributes if target.suits(pair)
        }
        assert assigned.split_of(target.name) in splits, target


def test_every_split_has_enough_nonce_words() -> None:
    """A path of three hops and another one as long have eight concepts."""
    words = Counter(deal_relations(FILE).words.values())
    assert min(words[split] for split in ("train", "validation", "test")) >= 8


@pytest.mark.parametrize("dealer", DEALERS)
def test_the_order_of_the_file_changes_no_split(dealer: object) -> None:
    parts = ("concepts", "templates", "scenarios", "associations")
    turned = FILE.model_copy(
        update={
            **{part: dict(reversed(getattr(FILE, part).items())) for part in parts},
            "contrasts": FILE.contrasts[::-1],
            "attributes": FILE.attributes[::-1],
            "edges": FILE.edges[::-1],
        }
    )
    assert callable(dealer)
    assert dealer(turned) == dealer(FILE)
