"""What must hold for the rows of a dataset folder, whatever their cues: for `audit.py`."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chisquare

LEAST_P, LEAST_READOUTS = 0.01, 1 / 3
LEAST_PAIRS = {"both": 200, "concept": 600, "template": 850}
"""Minimal pairs of the bundled concept file by axis of the test split."""
ARTICLES = {"a", "an", "the"}
SIDES = ("positive", "negative")
RELATION = re.compile(r" (?:is a kind of|is related to|is associated with|causes) ")


class Rule(NamedTuple):
    """Something that is true of the rows, or not; `broken` is None where it is only told."""

    config: str
    name: str
    found: str
    broken: bool | None = None


def check_rows(config: str, rows: pd.DataFrame, manifest: dict[str, Any]) -> Iterator[Rule]:
    """Yields what must hold for the rows of any config."""
    stated = sum(split["rows"] for split in manifest["rows"][config].values())
    yield Rule(config, "rows, as in the manifest", f"{len(rows)}, {stated}", len(rows) != stated)
    texts = find_wholes(config, rows)
    shared = rows.groupby(texts)["split"].nunique() > 1
    yield Rule(config, "texts in two splits", str(shared.sum()), bool(shared.any()))
    if "game" in rows:
        shared = rows.groupby("group")["split"].nunique() > 1
        yield Rule(config, "groups in two splits", str(shared.sum()), bool(shared.any()))


def find_wholes(config: str, rows: pd.DataFrame) -> "pd.Series[str]":
    """Returns all text of each row."""
    columns = {
        "decisions": ["context", "options"],
        "contrastive": ["prompt", "positive", "negative"],
        "multiple_choice": ["question", "choices"],
        "icl": ["query"],
        "minimal_pairs": ["positive", "negative"],
        "insertions": ["inserted", "control"],
        "relations": ["premises", "conclusion"],
        "associations": ["text"],
    }[config]
    return rows[columns].map(show_text).agg("\n".join, axis=1)


def show_text(value: Any) -> str:
    """Returns a text, or the texts of a list, a pole or an option, as one."""
    if isinstance(value, dict):
        names = ("text",) if "text" in value else ("observation", *SIDES)
        return "\n".join(value[name] for name in names)
    return value if isinstance(value, str) else "\n".join(map(show_text, value))


def check_axes(config: str, rows: pd.DataFrame, bundled: bool) -> Iterator[Rule]:
    """Yields how many test rows each axis has, and what rows new in both share with train."""
    test, train = rows[rows["split"] == "test"], rows[rows["split"] == "train"]
    known = "axis" in rows
    if known:
        for axis, least in LEAST_PAIRS.items():
            found = test[test["axis"] == axis]
            themes, every = found["theme"].nunique(), rows["theme"].nunique()
            few = len(found) < least or themes < every
            told = f"{len(found)}, {themes} of {every} themes"
            broken = few if bundled and config == "minimal_pairs" else None
            yield Rule(config, f"test rows, axis {axis}", told, broken)
    else:
        yield Rule(config, "axis", "not in this folder")
    known = known and "both" in set(test["axis"])
    new = test[test["axis"] == "both"] if known else test
    name = "axis both" if known else "all of test"
    for column in ("group", "template", "scenario", "control_concept", "attribute"):
        if column in rows:
            found = set(new[column])
            yield tell_shared(config, f"{column}, {name}", found, set(train[column]), known)
    if config == "relations":
        found = list_nonce(new, rows), list_nonce(train, rows)
        yield tell_shared(config, f"nonce words, {name}", found[0], found[1], known)


def list_nonce(chosen: pd.DataFrame, rows: pd.DataFrame) -> set[str]:
    """Returns the words of some rows that no row of real words has."""
    words = [
        find_words(" ".join([*premises, conclusion]))
        for each in (chosen, rows[~rows["nonce"]])
        for premises, conclusion in zip(each["premises"], each["conclusion"], strict=True)
    ]
    return set(chain(*words[: len(chosen)])) - set(chain(*words[len(chosen) :]))


def tell_shared(config: str, name: str, new: set[str], train: set[str], known: bool) -> Rule:
    """Returns how many of some names stand in train too."""
    shared = new & train
    return Rule(
        config, name, f"{len(shared)} of {len(new)} in train", bool(shared) if known else None
    )


def check_weights(rows: pd.DataFrame) -> Iterator[Rule]:
    """Yields whether weights give each menu the same say in each behavior."""
    for column, chosen in (("weight", rows), ("core_weight", rows[rows["tier"] == "core"])):
        if column not in rows:
            yield Rule("contrastive", column, "not in this folder")
            continue
        sums = chosen.groupby(["decision_id", "behavior"])[column].sum()
        off = int((abs(sums - 1) > 1e-6).sum())
        yield Rule(
            "contrastive", f"menus whose {column} is not 1", f"{off} of {len(sums)}", off > 0
        )


def check_negatives(rows: pd.DataFrame, decisions: pd.DataFrame) -> Iterator[Rule]:
    """Yields how many violation pairs show two wrongs, by the polarity in `decisions`."""
    ethical = {
        (menu, option["option_id"]): option["polarity"] == "ethical"
        for menu, options in zip(decisions["id"], decisions["options"], strict=True)
        for option in options
    }
    keys = zip(rows["decision_id"], rows["negative_option_id"], strict=True)
    found = np.array([ethical[key] for key in keys])
    broad = rows["behavior"].str.contains(r"^(?:ethical|disutility|power)")
    share = f"{(~found[~broad]).mean():.3f} of {(~broad).sum()}"
    yield Rule("contrastive", "violation pairs, negative not ethical", share)
    if "negative_is_ethical" not in rows:
        yield Rule("contrastive", "negative_is_ethical", "not in this folder")
        return
    off = int((rows["negative_is_ethical"] != found).sum())
    yield Rule("contrastive", "negative_is_ethical is not the polarity", str(off), off > 0)


def check_places(rows: pd.DataFrame) -> Iterator[Rule]:
    """Yields whether the only match stands at each place as often as at any other."""
    single = rows[rows["matching"].str.len() == 1]
    for size, here in single.groupby(single["choices"].str.len()):
        counts = np.bincount(here["matching"].str[0].astype(int), minlength=int(size))
        p = float(chisquare(counts).pvalue)
        name = f"place of the only match of {size}: p"
        yield Rule("multiple_choice", name, f"{p:.2f} {counts.tolist()}", p < LEAST_P)


def check_situations(rows: pd.DataFrame, decisions: pd.DataFrame) -> Iterator[Rule]:
    """Yields the share of queries that are not the whole text of their menu."""
    menus = decisions.set_index("id").loc[rows["decision_id"]]
    cut = [
        query["observation"] != text if text else not context.endswith(query["observation"])
        for query, text, context in zip(
            rows["query"], menus["menu_text"], menus["context"], strict=True
        )
    ]
    yield Rule("icl", "share of queries that are cut", f"{np.mean(cut):.3f}", any(cut))


def check_readouts(rows: pd.DataFrame) -> Iterator[Rule]:
    """Yields the share of minimal pairs that go on to a cue."""
    if "readout" not in rows:
        yield Rule("minimal_pairs", "readout", "not in this folder")
        return
    share = rows["readout"].notna().mean()
    yield Rule("minimal_pairs", "share with a readout", f"{share:.3f}", share < LEAST_READOUTS)


def count_shared(premises: list[str], conclusion: str) -> list[int]:
    """Returns what the rule asks for (above 0 means valid), and more counts of shared words."""
    subject, target = map(find_words, RELATION.split(conclusion.rstrip("."), maxsplit=1))
    words = [find_words(RELATION.sub(" ", premise)) for premise in premises]
    holding = [place for place, each in enumerate(words) if target <= each]
    links = [
        (len(words[place] & subject), max((len(words[place] & each) for each in rest), default=0))
        for place in holding
        for rest in [words[:place] + words[place + 1 :]]
    ]
    chains = [len(one & other) for n, one in enumerate(words) for other in words[:n]]
    return [
        max((max(link) for link in links), default=0),
        sum(link[0] for link in links),
        sum(link[1] for link in links),
        len(holding),
        max(len(each & (subject | target)) for each in words),
        sum(len(each & (subject | target)) for each in words),
        sum(chains),
    ]


def find_words(text: str) -> frozenset[str]:
    """Returns the words of a phrase without its articles."""
    return frozenset(re.findall(r"\w+", text.lower())) - ARTICLES


ROW_CHECKS = {
    "contrastive": check_weights,
    "multiple_choice": check_places,
    "minimal_pairs": check_readouts,
}
MENU_CHECKS = {"contrastive": check_negatives, "icl": check_situations}
