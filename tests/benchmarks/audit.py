"""Recompute the figures that a dataset's card states, with code of its own, and hold both together.

    python tests/benchmarks/audit.py FOLDER [--parts]

Only the published files are read. Of the product's code the choice of `core` alone is used, since
what it makes of groups that it has not seen can be had in no other way. Within a part (a behavior,
a theme) each unit (a menu, a contrast in a template) has the same say; the headline is the plain
mean over the parts with at least 30 units. Exits 1 where a headline of the card is off by more than
0.03, or where a rule about the rows is broken.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from audit_pairs import Pairs, read_config, read_pairs
from audit_rows import MENU_CHECKS, ROW_CHECKS, Rule, check_axes, check_rows, count_shared
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from generators.configs import find_config  # noqa: E402
from generators.quality.selection.core import choose_core  # noqa: E402
from generators.quality.selection.features import extract_features  # noqa: E402

FEWEST_UNITS, TOLERANCE, FOLDS, SEED = 30, 0.03, 5, 1
HEADLINE, WORST, UNMEASURED = "macro of ", "worst: ", "not measured here"
HELD_OUT = "words, group and control held out"
SIGNED = ("length cue", "sentiment")
"""Figures that are bad on either side of a half."""
SURFACE: tuple[Callable[[str], float], ...] = (
    lambda text: len(text.split()),
    len,
    lambda text: bool(re.match(r"\W*yes\b", text, re.I)),
    lambda text: bool(re.match(r"\W*no\b", text, re.I)),
    lambda text: len(re.findall(r"\b(?:no|not|never|none|no(?:body|thing|where)|n?either|nor|"
                                r"without|cannot|\w+n['’]t)\b", text, re.I)),
    lambda text: len(re.findall(r"\b(?:I|(?i:me|my|mine|myself|we|us|ours?))\b", text)),
    lambda text: len(re.findall(r"\bAI\b|\b(?:language model|assistant|apologi[sz]e|sorry|"
                                r"unable to|(?:cannot|can['’]t|won['’]t) help)\b", text)),
    lambda text: text.count(","),
    lambda text: text.count("."),
    lambda text: text.count("!"),
)  # fmt: skip
MOST_RIGHT = {HELD_OUT: 0.60, "one local rule": 0.60, "counts of shared words": 0.60}
"""Figures that must not be larger, whatever the card states."""

Fitted = Callable[[Pairs], np.ndarray]
"""Pairs -> score of the positive less that of the negative."""


class Figure(NamedTuple):
    """One line of the table."""

    config: str
    name: str
    tier: str
    part: str
    ours: float
    units: int
    card: float | None


def find_card_value(
    quality: dict[str, Any], config: str, tier: str, check: str
) -> tuple[float | None, dict[str, float]]:
    """Returns the headline that the card states, and the value of each part."""
    for each in quality["checks"]:
        if (each["name"], each["config"], each["tier"]) == (check, config, tier):
            return each["value"], {name: part["value"] for name, part in each["parts"].items()}
    return None, {}


def fold_groups(groups: "pd.Series[str]") -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields places to fit on and to score; none for a single group."""
    count = groups.nunique()
    if count > 1:
        splitter = GroupKFold(min(FOLDS, count), shuffle=True, random_state=SEED)
        yield from splitter.split(groups, groups=groups.to_numpy(str))


def keep_unseen(config: str, table: pa.Table, pairs: Pairs) -> Pairs:
    """Returns the pairs that are core by a choice that has not seen their groups.

    In validation and test that is `core` as stored, which was chosen on train. What the choice saw
    (train, and all of a part that has nothing there) is divided: for each fold it is chosen on the
    others.
    """
    contrasts = find_config(config).read(table)
    assert contrasts is not None
    features = extract_features(contrasts.texts)
    items = pairs.drop_duplicates("item").set_index("item").loc[contrasts.ids.to_pylist()]
    trained = items.loc[items["split"] == "train", "part"].unique()
    seen = np.flatnonzero((items["split"] == "train") | ~items["part"].isin(trained))
    core = items["core"].to_numpy(bool, copy=True)
    core[seen] = False
    for fit, score in fold_groups(items["group"].iloc[seen]):
        used = np.zeros(len(items), np.bool_)
        used[seen[fit]] = True
        core[seen[score]] = choose_core(contrasts, features, used).core[seen[score]]
    return pairs[pairs["item"].isin(items.index[core])].reset_index(drop=True)


class Texts:
    """What is measured of the texts of a config, once."""

    def __init__(self, pairs: Pairs) -> None:
        """Measures each text that stands on a side."""
        texts = sorted({*pairs["positive"], *pairs["negative"]})
        self.places = pd.Series(range(len(texts)), index=texts)
        analyzer = SentimentIntensityAnalyzer()
        self.sentiment = np.array([analyzer.polarity_scores(text)["compound"] for text in texts])
        self.surface = np.array([[float(count(text)) for count in SURFACE] for text in texts])
        tokens = r"\w+(?:['’]\w+)*|[^\w\s]"
        counter = CountVectorizer(token_pattern=tokens, ngram_range=(1, 2))
        self.counts = csr_matrix(counter.fit_transform(texts), dtype=np.float64)

    def find(self, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
        """Returns the places of the positives and of the negatives."""
        return self.places[pairs["positive"]].to_numpy(), self.places[pairs["negative"]].to_numpy()

    def differ(self, values: np.ndarray, pairs: Pairs) -> np.ndarray:
        """Returns the positive's value less the negative's."""
        one, other = self.find(pairs)
        return values[one] - values[other]


def weigh_pairs(pairs: Pairs) -> np.ndarray:
    """Returns a weight for each pair by which all units have the same."""
    return (1 / pairs.groupby("unit")["unit"].transform("size")).to_numpy()


def fit_surface(texts: Texts, pairs: Pairs) -> Fitted:
    """Returns a linear classifier of the differences of ten features."""
    values, weights = texts.differ(texts.surface, pairs), weigh_pairs(pairs)
    scale = np.sqrt(np.average(values**2, axis=0, weights=weights))
    scale[scale == 0] = 1
    model = LogisticRegression(fit_intercept=False)
    labels = np.repeat([1, 0], len(values))
    model.fit(np.vstack([values, -values]) / scale, labels, np.tile(weights / 2, 2))
    return lambda others: texts.differ(texts.surface, others) / scale @ model.coef_[0]


def fit_ngram(texts: Texts, pairs: Pairs) -> Fitted:
    """Returns which side has the n-gram that more positives than negatives have, or fewer."""
    has = (texts.counts > 0).astype(np.float64)
    weights, (one, other) = weigh_pairs(pairs), texts.find(pairs)
    shares = (has[one].T @ weights - has[other].T @ weights).round(9)
    best = int(np.abs(shares).argmax())
    found = has[:, [best]].toarray().ravel() * np.sign(shares[best])
    return lambda others: texts.differ(found, others)


def fit_words(texts: Texts, pairs: Pairs) -> Fitted:
    """Returns a logistic regression on the words of single options."""
    places, weights = np.concatenate(texts.find(pairs)), np.tile(weigh_pairs(pairs), 2)
    counts = texts.counts[:, np.unique(texts.counts[places].indices)]
    weigher = TfidfTransformer(sublinear_tf=True).fit(counts[places])
    model = LogisticRegression(solver="liblinear", random_state=0)
    labels = np.repeat([1, 0], len(pairs))
    model.fit(weigher.transform(counts[places]), labels, weights)
    scores = weigher.transform(counts) @ model.coef_[0]
    return lambda others: texts.differ(scores, others)


def cross_score(fit: Callable[[Texts, Pairs], Fitted], texts: Texts, pairs: Pairs) -> np.ndarray:
    """Returns the score of each pair by what was fitted on other groups; nan where none is."""
    scores = np.full(len(pairs), np.nan)
    for others, here in fold_groups(pairs["group"]):
        scores[here] = fit(texts, pairs.iloc[others])(pairs.iloc[here])
    return scores


CHECKS: dict[str, Callable[[Texts, Pairs], np.ndarray]] = {
    "length cue": lambda texts, pairs: texts.differ(texts.surface[:, 0], pairs),
    "ten surface features": lambda texts, pairs: cross_score(fit_surface, texts, pairs),
    "best single n-gram": lambda texts, pairs: cross_score(fit_ngram, texts, pairs),
    "sentiment": lambda texts, pairs: texts.differ(texts.sentiment, pairs),
    "words of the option alone": lambda texts, pairs: cross_score(fit_words, texts, pairs),
}
"""Name in the card -> the score of each pair of one part."""


def share_right(scores: np.ndarray, units: "pd.Series[str]") -> float:
    """Returns the mean over units of the share of their pairs that are ranked right."""
    wins = pd.Series((np.sign(scores.round(9)) + 1) / 2, index=units.index)
    return float(wins.groupby(units).mean().mean())


def score_controls(texts: Texts, pairs: Pairs) -> np.ndarray:
    """Returns scores by words of other pairs, on neither side of which a pair's words are tried.

    A word may be a concept here and a control there, and so speak for either side.
    """
    scores = np.full(len(pairs), np.nan)
    groups, concepts, controls = pairs["group"], pairs["concept"], pairs["control_concept"]
    folds = list(fold_groups(controls))
    for _, here in fold_groups(groups):
        for _, held in folds:
            score = np.intersect1d(here, held)
            tried = {*concepts.iloc[here], *controls.iloc[held]}
            seen = groups.isin(groups.iloc[here]) | concepts.isin(tried) | controls.isin(tried)
            fit = np.flatnonzero(~seen)
            if len(fit) and len(score):
                scores[score] = fit_words(texts, pairs.iloc[fit])(pairs.iloc[score])
    return scores


def summarise(
    quality: dict[str, Any], place: tuple[str, str, str], parts: dict[str, tuple[float, int]]
) -> Iterator[Figure]:
    """Yields the plain mean over the parts that are large enough, the worst, and then each."""
    config, name, tier = place
    card, card_parts = find_card_value(quality, config, tier, name)
    measured = {
        part: (value, units)
        for part, (value, units) in parts.items()
        if units >= FEWEST_UNITS and not np.isnan(value)
    }
    if not measured:
        if card is not None:
            yield Figure(*place, UNMEASURED, np.nan, 0, card)
        return
    values, units = zip(*measured.values(), strict=True)
    yield Figure(*place, f"{HEADLINE}{len(measured)}", float(np.mean(values)), sum(units), card)
    middle = 0.5 if name in SIGNED else 0.0
    worst = max(measured, key=lambda part: abs(measured[part][0] - middle))
    yield Figure(*place, f"{WORST}{worst}", *measured[worst], card_parts.get(worst))
    for part, found in measured.items():
        yield Figure(*place, part, *found, card_parts.get(part))


def measure_cues(
    quality: dict[str, Any], config: str, tier: str, texts: Texts, pairs: Pairs
) -> Iterator[Figure]:
    """Yields all figures about cues of a tier."""
    by_part = {str(part): here.reset_index(drop=True) for part, here in pairs.groupby("part")}
    units = {part: here["unit"].nunique() for part, here in by_part.items()}
    by_part = {part: here for part, here in by_part.items() if units[part] >= FEWEST_UNITS}
    for name, score in CHECKS.items():
        scored = {part: score(texts, here) for part, here in by_part.items()}
        parts = {
            part: (share_right(scored[part], here["unit"]), units[part])
            for part, here in by_part.items()
        }
        yield from summarise(quality, (config, name, tier), parts)
    if config == "insertions":
        pairs = pairs.assign(score=score_controls(texts, pairs))
        parts = {
            part: (share_right(here["score"].to_numpy(), here["unit"]), units[part])
            for part, here in pairs.groupby("part")
        }
        yield from summarise(quality, (config, HELD_OUT, tier), parts)


def measure_relations(quality: dict[str, Any], rows: pd.DataFrame) -> Iterator[Figure]:
    """Yields how often the local rule is right, and a classifier of shared words, by theme."""
    rows = rows[[len(each) > 0 for each in rows["distractor"]]].reset_index(drop=True)
    shared = np.array(list(map(count_shared, rows["premises"], rows["conclusion"])))
    valid = rows["valid"].to_numpy(bool)
    guessed = np.zeros(len(rows), np.bool_)
    for fit, score in fold_groups(rows["group"]):
        model = LogisticRegression(max_iter=1000).fit(shared[fit], valid[fit])
        guessed[score] = model.predict(shared[score])
    answers = {"one local rule": shared[:, 0] > 0, "counts of shared words": guessed}
    for name, answer in answers.items():
        right = pd.Series(answer == valid).groupby(rows["theme"])
        parts = {str(theme): (float(each.mean()), len(each)) for theme, each in right}
        yield from summarise(quality, ("relations", name, "full"), parts)


def audit(folder: Path) -> tuple[list[Figure], list[Rule]]:
    """Returns all figures and rules of a folder."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    quality = json.loads((folder / "quality.json").read_bytes())
    tables = {config: read_config(folder, config) for config in manifest["rows"]}
    frames = {config: table.to_pandas() for config, table in tables.items()}
    figures: list[Figure] = []
    rules: list[Rule] = []
    for config, rows in frames.items():
        rules += check_rows(config, rows, manifest)
        if "theme" in rows:
            rules += check_axes(config, rows, manifest["source"] == "bundled")
        if config == "decisions":
            continue
        pairs = read_pairs(config, rows)
        texts = Texts(pairs)
        figures += measure_cues(quality, config, "full", texts, pairs)
        if pairs["core"].any():
            unseen = keep_unseen(config, tables[config], pairs)
            figures += measure_cues(quality, config, "core", texts, unseen)
    for config, check in ROW_CHECKS.items():
        rules += check(frames[config]) if config in frames else ()
    for config, compare in MENU_CHECKS.items():
        if {config, "decisions"} <= frames.keys():
            rules += compare(frames[config], frames["decisions"])
    if "relations" in frames:
        figures += measure_relations(quality, frames["relations"])
    return figures, rules


def find_wrong(figure: Figure) -> str:
    """Returns what is wrong with a headline; nothing for other figures."""
    if not figure.part.startswith(HEADLINE):
        return ""
    if figure.ours > MOST_RIGHT.get(figure.name, 1.0):
        return "OVER"
    return "OFF" if figure.card is not None and abs(figure.ours - figure.card) > TOLERANCE else ""


def show_figure(figure: Figure) -> str:
    """Returns a line of the table."""
    card = f"{'–':>7}{'–':>8}"
    if figure.card is not None:
        card = f"{figure.card:>7.3f}{figure.ours - figure.card:>+8.3f}"
    names = f"{figure.config:<16}{figure.name:<35}{figure.tier:<5}{figure.part:<28}"
    return f"{names}{figure.ours:>7.3f}{figure.units:>7}{card}"


def main() -> int:
    """Prints figures and rules; returns 1 where a headline is off or a rule is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", action="store_true", help="show every behavior and theme")
    arguments = parser.parse_args()
    figures, rules = audit(arguments.folder)
    print(f"{'config':<16}{'figure':<35}{'tier':<5}{'part':<28}   ours  units   card    diff")
    failed = 0
    for figure in figures:
        wrong = find_wrong(figure)
        failed += bool(wrong)
        if arguments.parts or figure.part.startswith((HEADLINE, WORST, UNMEASURED)):
            print(f"{show_figure(figure)} {wrong}".rstrip())
    print()
    for rule in rules:
        print(f"{rule.config:<16}{rule.name:<45}{rule.found}{'  BROKEN' if rule.broken else ''}")
    broken = sum(bool(rule.broken) for rule in rules)
    print(f"\n{failed} headlines wrong, {broken} rules broken, {time.process_time():.0f} CPU s")
    return int(failed + broken > 0)


if __name__ == "__main__":
    sys.exit(main())
