"""Whether related concepts have related representations: contrasts in a model, and their network.

One contrast of each group is compared, so that no two share a concept: contrasts that do have
similar directions by construction.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from generators.activations.captured import capture_sums
from generators.activations.directions import find_middle
from generators.activations.folder_analysis import (
    ROWS,
    check_config,
    describe_source,
    open_findings,
    open_folder,
    write_findings,
)
from generators.activations.near import find_near
from generators.activations.sentences import CONFIG, Sentences, read_sentences
from generators.activations.sets import FEWEST, read_set
from generators.activations.similarity import (
    Correlated,
    correlate,
    measure_distances,
    measure_similarity,
    summarize,
)
from generators.activations.states import Floats, Reader
from generators.configs.contrasts import Mask
from generators.dataset.measured import Findings, describe
from generators.errors import SourceError
from generators.jsonl import as_objects, read_json
from generators.plain_files import read_plain
from generators.progress import SILENT, Progress
from generators.quality.rows import read_measurable
from generators.report.files import can_draw
from generators.splits import hash_number
from schemas.activations import Correlation, NetworkActivations, NetworkReading

NETWORK = "concepts.json"
NEAR = "contrastive"
"""Config of a folder whose behaviors are compared with concepts."""
LIMITS = (
    "That a model holds the network: contrasts of one theme stand in the same sentences, which"
    " makes their directions similar. Within themes this is held fixed, but few pairs are left.",
    "Which concept is meant: the direction of a concept is its sentences less those of what it is"
    " contrasted with, so that both lie in it.",
    "That a concept near a behavior's direction moves the behavior: only steering tests that.",
)


def run(
    folder: Path,
    reader: Reader,
    other: Reader | None = None,
    near: Path | None = None,
    *,
    rows: int = ROWS,
    behaviors: Sequence[str] | None = None,
    today: date | None = None,
    progress: Progress = SILENT,
) -> Findings:
    """Returns how directions and network go together; it is written into the folder.

    Args:
        folder: a dataset folder of concept sets, with minimal pairs.
        reader: the model.
        other: a second model, whose similarities are compared.
        near: a folder made from games: which concepts are nearest to its behaviors.
        rows: sentences of a contrast, and menus of a behavior, that are read at most.
        behaviors: only these of `near`; None for all.
        today: the day that is noted; that of the clock if not given.
        progress: shows how far it is.

    Raises:
        UsageError: a folder has no minimal pairs, or no contrastive rows.
        SourceError: it is no dataset folder of ours, or has no network.
        FolderError: it cannot be written.
        ActivationError: a text can't be read by the model, or memory is short.
    """
    manifest = open_folder(folder)
    check_config(folder, CONFIG, manifest)
    edges = read_edges(folder)
    sentences = read_sentences(folder, rows)
    chosen, few = choose_contrasts(sentences.rows)
    measured = compare_contrasts(sentences, chosen, edges, reader, other, progress)
    found = NetworkActivations(
        source=describe_source(reader, manifest, [CONFIG], today),
        other=None if other is None else describe_source(other, manifest, [CONFIG], today),
        too_few=few,
        does_not_show=LIMITS,
        **measured,
    )
    if near is not None:
        games = read_measurable(near)
        check_config(near, NEAR, games)
        pairs = read_set(near, NEAR, rows, behaviors)
        update = {
            "near": find_near(sentences, pairs, reader, progress),
            "near_files": describe_source(reader, games, [NEAR], today).files,
            "near_too_few": pairs.too_few,
        }
        found = found.model_copy(update=update)
    model = open_findings(folder, reader).model_copy(update={"network": found})
    figures: dict[str, str] = {}
    if can_draw():
        from generators.activations.figures import draw_network

        figures = draw_network(reader.name, found)
    write_findings(folder, model, figures, "network-*.svg")
    return describe(model.model_copy(update={"configs": {}}))


def read_edges(folder: Path) -> list[tuple[str, str]]:
    """Returns the edges of a folder's network, whatever they mean.

    Raises:
        SourceError: there is none.
    """
    path = folder / NETWORK
    try:
        network: Any = read_json(read_plain(path))
        return [(str(each["source"]), str(each["target"])) for each in as_objects(network["edges"])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        wanted, remedy = "the network of a folder of concept sets", "Build one with concepts"
        raise SourceError(str(path), "no network", wanted, remedy) from error


def choose_contrasts(rows: Sequence[dict[str, Any]]) -> tuple[list[str], int]:
    """Returns one contrast of each group, that with the most sentences, and how many have none.

    A contrast needs two sentences.
    """
    templates: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        group = templates.setdefault(row["group"], {})
        group.setdefault(row["contrast"], set()).add(row["template"])
    chosen: list[str] = []
    for group in templates.values():
        best = min(group, key=lambda name: (-len(group[name]), hash_number(name)))
        if len(group[best]) > 1:
            chosen.append(best)
    return sorted(chosen), len(templates) - len(chosen)


def compare_contrasts(
    sentences: Sentences,
    chosen: Sequence[str],
    edges: Sequence[tuple[str, str]],
    reader: Reader,
    other: Reader | None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Returns what `NetworkActivations` has of contrasts and their network."""
    middle = find_middle(reader.layers)
    themes = {row["contrast"]: str(row["theme"]) for row in sentences.rows}
    names = [_split_contrast(name, sentences.rows) for name in chosen]
    distances, apart = measure_distances(names, edges)
    upper = np.triu(np.ones((len(chosen), len(chosen)), np.bool_), 1)
    found: dict[str, Any] = {
        "contrasts": tuple(chosen),
        "unreachable": int((apart & upper).sum()),
        "middle": (middle[0], middle[-1]),
        "published": None,
        "layers": (),
        "scatter": (),
    }
    if len(chosen) < FEWEST:
        return found
    similarities = [
        measure_similarity(each) for each in _find_directions(sentences, chosen, reader, progress)
    ]
    strata = [themes[name] for name in chosen]
    same = np.array(strata)[:, None] == np.array(strata)
    every = correlate(similarities, [distances] * reader.layers, upper)
    kinds: dict[str, Correlated] = {"all": every}
    if int((same & upper).sum()) >= FEWEST:
        inside: Mask = same & upper
        kinds["in_theme"] = correlate(similarities, [distances] * reader.layers, inside, strata)
    if other is not None:
        beside = [
            measure_similarity(each)
            for each in _find_directions(sentences, chosen, other, progress)
        ]
        matched = match_layers(reader.layers, other.layers)
        kinds["other"] = correlate(similarities, [beside[layer] for layer in matched], upper)
        found["other_layers"] = tuple(matched)
    mean = np.mean([similarities[layer] for layer in middle], axis=0)
    points = zip(distances[upper].tolist(), mean[upper].round(4).tolist(), strict=True)
    found["scatter"] = tuple((float(one), value) for one, value in points)
    found["published"] = _read(kinds, middle)
    found["layers"] = tuple(_read(kinds, [layer]) for layer in range(reader.layers))
    return found


def _split_contrast(name: str, rows: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Returns the concepts of a contrast; either may hold a slash."""
    first = next(row["concept"] for row in rows if row["contrast"] == name)
    return first, name.removeprefix(f"{first}/")


def match_layers(layers: int, others: int) -> list[int]:
    """Returns for each layer the layer of another model at the same relative depth."""
    return [round(layer * (others - 1) / max(layers - 1, 1)) for layer in range(layers)]


def _find_directions(
    sentences: Sentences, chosen: Sequence[str], reader: Reader, progress: Progress
) -> Floats:
    """Returns (layers, contrasts, width): the mean difference, each template with the same say."""
    numbers = {name: number for number, name in enumerate(chosen)}
    keys = [(numbers.get(row["contrast"], -1), row["template"]) for row in sentences.rows]
    counts = Counter(keys)
    weights = np.zeros((len(chosen), len(sentences.passages)), np.float32)
    for row, key in enumerate(keys):
        if key[0] >= 0:
            share = 1 / counts[key]
            weights[key[0], sentences.positive[row]] += share
            weights[key[0], sentences.negative[row]] -= share
    needed = np.flatnonzero(np.abs(weights).any(axis=0))
    passages = [sentences.passages[place] for place in needed]
    return capture_sums(reader, passages, weights[:, needed], progress=progress)["residual"]


def _read(kinds: dict[str, Correlated], layers: Sequence[int]) -> NetworkReading:
    """Returns the mean over layers of each correlation."""
    found: dict[str, Correlation] = {}
    for name, each in kinds.items():
        value, null, p = summarize(each, layers)
        found[name] = Correlation(
            value=round(value, 4),
            null=(round(null[0], 4), round(null[1], 4)),
            p=round(p, 4),
            pairs=each.pairs,
        )
    return NetworkReading(**found)
