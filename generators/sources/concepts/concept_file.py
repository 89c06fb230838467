"""Reads a concept file, and checks what its schema cannot say; errors name file and line."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple, Protocol

from generators.sources.concepts.network import find_cycle
from generators.sources.concepts.slots import SlotError, inflect, name_noun, parse_slot
from generators.sources.concepts.yaml_files import YamlFile
from schemas.concept import (
    PARTS_OF_SPEECH,
    Concept,
    ConceptFile,
    Relation,
    SlotTemplate,
)

REMEDY = "Fix the file; generators/sample/concepts.yaml is an example of one"
MOST_NAMES = 20
"""That a message lists."""

WRITTEN = "written-"
"""How the names of a model's sentences and scenarios begin, and no others."""


class ReadConcepts(NamedTuple):
    """A concept file as it was read."""

    file: ConceptFile
    sha256: str
    """Of its bytes."""


def find_concepts() -> Path:
    """Returns the concept file that comes with the package."""
    return Path(str(files("generators") / "sample" / "concepts.yaml"))


def read_concepts(path: Path) -> ReadConcepts:
    """Returns a concept file.

    Raises:
        SourceError: it cannot be read, or something in it does not fit; names its line.
    """
    source = YamlFile(path, REMEDY)
    file = source.validate(ConceptFile)
    for check in _CHECKS:
        check(file, source)
    return ReadConcepts(file, source.sha256)


class _Check(Protocol):
    def __call__(self, file: ConceptFile, source: YamlFile) -> None: ...


def _check_themes(file: ConceptFile, source: YamlFile) -> None:
    named: dict[str, Mapping[str, object]] = {
        "concepts": file.concepts,
        "templates": file.templates,
        "scenarios": file.scenarios,
    }
    for part, items in named.items():
        for name, item in items.items():
            theme: str = getattr(item, "theme")  # noqa: B009
            if theme not in file.themes:
                found = f"{name} is of theme '{theme}'"
                raise source.fault((part, name, "theme"), found, f"one of {_list(file.themes)}")
    if file.controls not in file.themes:
        raise source.fault(("controls",), f"'{file.controls}'", f"one of {_list(file.themes)}")


def _check_slots(file: ConceptFile, source: YamlFile) -> None:
    parts: dict[str, tuple[str, str]] = {}
    for name, concept in file.concepts.items():
        if concept.slot is None:
            continue
        part, first = parts.setdefault(concept.slot, (concept.part_of_speech, name))
        if part != concept.part_of_speech:
            found = f"{name} is of slot {concept.slot} and is no {part}, as {first} is"
            raise source.fault(("concepts", name), found, "one part of speech in a slot")


def _check_contrasts(file: ConceptFile, source: YamlFile) -> None:
    seen: set[frozenset[str]] = set()
    for place, pair in enumerate(file.contrasts):
        path = ("contrasts", place)
        for side, name in enumerate(pair):
            if name not in file.concepts:
                found = f"contrast [{', '.join(pair)}] names no concept: '{name}'"
                raise source.fault((*path, side), found, "names under concepts")
        slots = [file.concepts[name].slot for name in pair]
        if slots[0] is None or slots[0] != slots[1]:
            found = f"contrast [{', '.join(pair)}] of slots {slots[0]} and {slots[1]}"
            raise source.fault(path, found, "two concepts of one slot")
        if frozenset(pair) in seen:
            found = f"contrast [{', '.join(pair)}] a second time"
            raise source.fault(path, found, "each pair once, in one order")
        seen.add(frozenset(pair))
        if same := _list_forms(file.concepts[pair[0]]) & _list_forms(file.concepts[pair[1]]):
            found = f"contrast [{', '.join(pair)}] says '{min(same)}' on both sides"
            raise source.fault(path, found, "two concepts that have no form in common")


def _check_templates(file: ConceptFile, source: YamlFile) -> None:
    slots = {concept.slot for concept in file.concepts.values()}
    texts: dict[str, str] = {}
    for name, template in file.templates.items():
        path = ("templates", name)
        for place, slot in enumerate(template.fits):
            if slot not in slots:
                found = f"template {name} fits '{slot}'"
                raise source.fault((*path, "fits", place), found, "slots of concepts")
        if (earlier := texts.setdefault(template.text, name)) != name:
            found = f"template {name} has the text of {earlier}"
            raise source.fault((*path, "text"), found, "each text once")
        try:
            _check_forms(file, template)
        except SlotError as error:
            found = f"template {name} has {error.found}"
            raise source.fault((*path, "text"), found, error.wanted) from error


def _check_forms(file: ConceptFile, template: SlotTemplate) -> None:
    """Raises SlotError where a concept that fits has none of the forms that are asked for."""
    frame = parse_slot(template.text)
    for name, concept in file.concepts.items():
        if concept.slot not in template.fits:
            continue
        if lacking := [form for form in frame.forms if inflect(concept, form) is None]:
            found = f"the slot {{{lacking[0]}}}, a form that {name} lacks"
            raise SlotError(found, f"forms of a {concept.part_of_speech}")


def _check_edges(file: ConceptFile, source: YamlFile) -> None:
    seen: set[tuple[str, str, str]] = set()
    for place, edge in enumerate(file.edges):
        said = f"edge {edge.source} {edge.relation} {edge.target}"
        for end in ("source", "target"):
            name: str = getattr(edge, end)
            if name not in file.concepts:
                found = f"{said} names no concept: '{name}'"
                raise source.fault(("edges", place, end), found, "a name under concepts")
            if name_noun(file.concepts[name]) is None:
                found = f"{said} ends at an adjective: '{name}'"
                raise source.fault(("edges", place, end), found, "nouns or verbs")
        key = (edge.source, edge.relation, edge.target)
        if edge.source == edge.target:
            raise source.fault(("edges", place), f"{said} leads nowhere", "two concepts")
        if key in seen:
            raise source.fault(("edges", place), f"{said} a second time", "each edge once")
        seen.add(key)
    if cycle := find_cycle(file.edges):
        place = next(at for at, edge in enumerate(file.edges) if edge in cycle)
        names = " -> ".join([*(edge.source for edge in cycle), cycle[0].source])
        found = f"kind_of goes in a circle: {names}"
        raise source.fault(("edges", place), found, "no circle")
    if file.edges:
        _check_phrases(file, source)


def _check_phrases(file: ConceptFile, source: YamlFile) -> None:
    used: dict[Relation, None] = dict.fromkeys(edge.relation for edge in file.edges)
    for relation in used:
        phrase = file.relations.get(relation)
        if phrase is None:
            raise source.fault(("relations",), f"no sentence for {relation}", "one for each")
        if not _has_once(phrase, ("{source}", "{target}")):
            found = f"the sentence of {relation} is '{phrase}'"
            raise source.fault(("relations", relation), found, "{source} and {target}, once each")


def _check_scenarios(file: ConceptFile, source: YamlFile) -> None:
    for name, scenario in file.scenarios.items():
        before, found, rest = scenario.text.partition("[")
        clause, closed, after = rest.partition("]")
        whole = found and closed and not set("[]") & set(before + clause + after)
        if not whole or not _has_once(before + clause + after, ("{}",)) or "{}" not in clause:
            found = f"scenario {name} has no such clause"
            wanted = "one in square brackets, with {} in it once"
            raise source.fault(("scenarios", name, "text"), found, wanted)
        if before[-1:] not in " " or after[:1] not in " ":
            found = f"scenario {name} has no space around its clause"
            raise source.fault(("scenarios", name, "text"), found, "one before [ and one after ]")


def _check_associations(file: ConceptFile, source: YamlFile) -> None:
    texts: dict[str, str] = {}
    for name, template in file.associations.items():
        path = ("associations", name, "text")
        text = template.text.replace("{Target}", "{target}").replace("{Attribute}", "{attribute}")
        first = text.find("{target}") < text.find("{attribute}")
        order = "target_first" if first else "attribute_first"
        if not _has_once(text, ("{target}", "{attribute}")) or order != template.direction:
            found = f"sentence {name} is '{template.text}'"
            wanted = f"{{target}} and {{attribute}}, once each, {template.direction}"
            raise source.fault(path, found, wanted)
        if (earlier := texts.setdefault(text, name)) != name:
            raise source.fault(path, f"sentence {name} is that of {earlier}", "each text once")


def _check_attributes(file: ConceptFile, source: YamlFile) -> None:
    seen: set[str] = set()
    for place, pair in enumerate(file.attributes):
        name = f"{pair.positive}-{pair.negative}"
        if pair.positive == pair.negative or name in seen:
            found = f"attributes {pair.positive} and {pair.negative}, the same or a second time"
            raise source.fault(("attributes", place), found, "two words, each pair once")
        seen.add(name)


def _check_words(file: ConceptFile, source: YamlFile) -> None:
    """Raises SourceError where a word stands twice among those that name something."""
    seen: dict[str, str] = {}
    for part in ("occupations", "groups", "nonce"):
        for place, noun in enumerate(getattr(file, part)):
            if noun.singular in seen:
                found = f"'{noun.singular}' a second time, after {seen[noun.singular]}"
                raise source.fault((part, place, "singular"), found, "each word once")
            seen[noun.singular] = part


def _check_names(file: ConceptFile, source: YamlFile) -> None:
    for part in ("templates", "scenarios"):
        for name in getattr(file, part):
            if name.startswith(WRITTEN):
                found = f"the name '{name}'"
                raise source.fault((part, name), found, f"one that begins not with '{WRITTEN}'")


def _has_once(text: str, slots: Sequence[str]) -> bool:
    """Returns whether each slot stands in a text once, and no other brace."""
    counts = [text.count(slot) for slot in slots]
    for slot in slots:
        text = text.replace(slot, "")
    return all(count == 1 for count in counts) and not set("{}") & set(text)


def _list_forms(concept: Concept) -> set[str]:
    forms = PARTS_OF_SPEECH[concept.part_of_speech]
    return {getattr(concept, form) for form in forms if form != "article"}


def _list(names: Mapping[str, object]) -> str:
    shown = [*names][:MOST_NAMES]
    return ", ".join([*shown, *(["..."] if len(shown) < len(names) else [])])


_CHECKS: tuple[_Check, ...] = (
    _check_themes,
    _check_slots,
    _check_contrasts,
    _check_templates,
    _check_edges,
    _check_scenarios,
    _check_associations,
    _check_attributes,
    _check_words,
    _check_names,
)
