"""Which split each part of a concept file stands in. The file alone decides: no option, no model.

Of each config, groups (what rows are about) and templates (sentences or scenarios) are assigned by
themselves, inside each theme, by their share of rows; `find_place` says where a row of both stands.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from generators.sources.concepts.mentions import find_neighbours, list_mentioned
from generators.sources.concepts.network import connect, find_groups, list_paths
from generators.sources.concepts.slots import list_frames, mention
from generators.sources.concepts.targets import list_targets, name_attributes
from generators.splits import GROUP_SHARES, TEMPLATE_SHARES, assign
from schemas.base import Split
from schemas.concept import ConceptFile


class Assigned(NamedTuple):
    """The splits of one config."""

    groups: Mapping[str, str]
    """Concept (or target, or theme) -> its group."""
    group_splits: Mapping[str, Split]
    """Group -> its split."""
    templates: Mapping[str, Split]
    """Sentence or scenario -> its split; empty where rows have none."""
    words: Mapping[str, Split]
    """Attribute pair or nonce word -> its split; empty where rows have none."""

    def split_of(self, name: str) -> Split:
        """Returns the split of a concept, target or theme."""
        return self.group_splits[self.groups[name]]


_Sizes = defaultdict[str, Counter[str]]
"""Name -> theme -> rows."""


def deal_minimal_pairs(file: ConceptFile) -> Assigned:
    """Returns the splits of contrasts, by what they connect, and of sentences with a slot.

    They are assigned inside each slot as well as each theme: else a sentence of train could fit
    concepts of test only. Sentences that have the same words around their slot, whole or cut behind
    it, are assigned as one.
    """
    groups = find_groups(file)
    contrasts = Counter(file.concepts[one].slot for one, _ in file.contrasts)
    sentences: Counter[str] = Counter()
    sizes, group_sizes = _Sizes(Counter), _Sizes(Counter)
    same_words: list[tuple[str, str]] = []
    first: dict[tuple[str, str], str] = {}
    for name, template in file.templates.items():
        frames = [*list_frames(template.text)]
        for frame in frames:
            same_words.append((name, first.setdefault((frame.prefix, frame.suffix), name)))
        for slot in template.fits:
            sizes[name][f"{template.theme}, {slot}"] += len(frames) * contrasts[slot]
            sentences[slot] += len(frames)
    for one, _ in file.contrasts:
        concept, group = file.concepts[one], groups[one]
        for part in (concept.theme, f"{concept.theme}, {concept.slot}"):
            group_sizes[group][part] += sentences[concept.slot or ""]
    joined = connect(file.templates, same_words)
    assigned = assign(_sum(sizes, joined), TEMPLATE_SHARES)
    return Assigned(groups, _assign_groups(groups, group_sizes), _spread(assigned, joined), {})


def deal_insertions(file: ConceptFile) -> Assigned:
    """Returns the splits of concepts and of scenarios.

    Concepts that share a word, as mention or as control, are one group.
    """
    said = [
        (name, f"'{word.lower()}'")
        for name, concept in file.concepts.items()
        if concept.control is not None
        for word in (mention(concept), concept.control)
        if word is not None
    ]
    groups = connect(file.concepts, said)
    sizes, group_sizes = _Sizes(Counter), _Sizes(Counter)
    neighbours = find_neighbours(file)
    for name, scenario in file.scenarios.items():
        sizes[name][scenario.theme] += 0
        for concept in list_mentioned(file, scenario, neighbours):
            known = file.concepts[concept]
            if scenario.readout is not None and known.control is not None:
                sizes[name][scenario.theme] += 1
                group_sizes[groups[concept]][known.theme] += 1
    return Assigned(groups, _assign_groups(groups, group_sizes), assign(sizes, TEMPLATE_SHARES), {})


def deal_associations(file: ConceptFile) -> Assigned:
    """Returns the splits of targets, of sentences and of attribute pairs.

    A target meets the attribute pairs of its own split only, and stands where it has one. Pairs
    that share a word are assigned as one, inside each kind of target.
    """
    targets = list_targets(file)
    pairs = {name_attributes(pair): pair for pair in file.attributes}
    sizes = _Sizes(Counter)
    for name, pair in pairs.items():
        sizes[name].update(str(each.said_as) for each in targets if each.suits(pair))
    said = [
        (name, f"'{word}'")
        for name, pair in pairs.items()
        for word in (pair.positive, pair.negative)
    ]
    joined = connect(pairs, said)
    words = _spread(assign(_sum(sizes, joined), GROUP_SHARES), joined)
    suited: dict[str, set[Split]] = {
        each.name: {words[name] for name, pair in pairs.items() if each.suits(pair)}
        for each in targets
    }
    sentences = {
        name: {each.of: 1, f"{each.of}, {each.direction}": 1}
        for name, each in file.associations.items()
    }
    return Assigned(
        groups={target.name: target.name for target in targets},
        group_splits=assign({each.name: {each.theme: 1} for each in targets}, GROUP_SHARES, suited),
        templates=assign(sentences, TEMPLATE_SHARES),
        words=words,
    )


def deal_relations(file: ConceptFile) -> Assigned:
    """Returns the splits of themes, by their paths, and of nonce words: each split has its own."""
    paths = Counter(
        file.concepts[path.source].theme for path in list_paths(file.edges, file.concepts)
    )
    return Assigned(
        groups={theme: theme for theme in file.themes},
        group_splits=assign({theme: {"all": paths[theme]} for theme in file.themes}, GROUP_SHARES),
        templates={},
        words=assign({word.singular: {"all": 1} for word in file.nonce}, GROUP_SHARES),
    )


def _assign_groups(groups: Mapping[str, str], sizes: _Sizes) -> dict[str, Split]:
    """Returns group -> split, of those too that give no row."""
    return assign({group: sizes[group] for group in sorted(set(groups.values()))}, GROUP_SHARES)


def _spread(assigned: Mapping[str, Split], joined: Mapping[str, str]) -> dict[str, Split]:
    """Returns the splits of all that was assigned as one."""
    return {name: assigned[first] for name, first in joined.items()}


def _sum(sizes: _Sizes, joined: Mapping[str, str]) -> _Sizes:
    """Returns the sizes of what is assigned as one, under the name of its first."""
    summed = _Sizes(Counter)
    for name, first in joined.items():
        summed[first].update(sizes[name])
    return summed
