"""The verdict on a folder or a file of pairs, and how terminal, card and page show it."""

from random import Random
from typing import Any

import pytest

from generators.quality.assessment import Assessed, assess_pairs, summarize_checks
from generators.quality.checks import CHECKS, FOLDER_CHECKS
from generators.quality.checks.base import Check, Measurement, run
from generators.quality.closing import close_report
from generators.quality.evidence import Evidence, FolderEvidence
from generators.quality.verdicts import (
    list_configs,
    render_section,
    show_number,
    show_value,
)
from generators.report.page import render_page
from generators.sources.pairs.pair_files import OwnPair
from planted import tell
from schemas.quality import CheckResult, HumanAudit, Part, Plots, Quality, Selection

SELECTION = Selection(
    rows=400,
    core=300,
    hard=9,
    reversed_cue=5,
    fell={"length": 90, "place": 10},
    seen=200,
    kept=150,
    bound=151,
)


def make_check(config: str = "contrastive", tier: str = "core", **columns: Any) -> CheckResult:
    shared: dict[str, Any] = {
        "number": 4,
        "name": "length cue",
        "level": "gate",
        "counts": True,
        "value": 0.5,
        "threshold": "0.45-0.55",
        "verdict": "PASS",
        "n": 120,
        "unit": "menus",
        "measured": 0.7,
    }
    return CheckResult(config=config, tier=tier, **(shared | columns))


def sum_up(*checks: CheckResult, audit: HumanAudit | None = None) -> Quality:
    return summarize_checks("made-up", checks, {"contrastive": SELECTION}, Plots(), audit)


@pytest.mark.parametrize(
    ("about", "config", "tier", "tiered", "counts"),
    [
        ("cue", "contrastive", "core", True, True),
        ("cue", "contrastive", "full", True, False),  # rows outside `core` may miss it
        ("place", "contrastive", "full", True, False),
        ("data", "contrastive", "full", True, True),  # no selection excuses leaks
        ("data", "decisions", "full", False, True),
        ("place", "icl", "full", False, True),
        ("cue", "icl", "full", False, True),  # there is nothing else
        ("data", "folder", "full", False, True),
        ("cue", "pairs", "full", True, True),
        ("cue", "pairs", "core", True, False),  # there `core` is a proposal
    ],
)
def test_a_required_check_counts_where_no_selection_excuses_it(
    about: Any, config: str, tier: Any, tiered: bool, counts: bool
) -> None:
    def judge(level: Any) -> bool:
        check = Check("leaks", level, "1", lambda _: Measurement(0.0, 9), about=about, low=1)
        evidence = FolderEvidence(config, tier, 9, [], None, {}, tiered=tiered)
        result = run(check, evidence)
        assert result
        return result.counts

    assert judge("gate") == counts
    assert not judge("warn")
    assert not judge("report")


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (make_check(verdict="FAIL"), "FAIL"),
        (make_check(verdict="FAIL", counts=False), "PASS"),
        (make_check(verdict="WARN", level="warn", counts=False), "PASS"),
        (make_check(verdict="too few", measured=None), "PASS"),
        (make_check(verdict="unaudited"), "PASS"),
    ],
)
def test_only_checks_that_count_make_a_fail(check: CheckResult, verdict: str) -> None:
    quality = sum_up(make_check(), check)
    assert quality.verdict == verdict
    assert quality.failed == ((check,) if verdict == "FAIL" else ())


def test_a_pass_needs_every_check_of_cues_that_counts_to_be_decided() -> None:
    leaks = make_check(name="leaks between splits", number=16, measured=None)
    few = make_check(verdict="too few", measured=0.4)
    assert sum_up(leaks, few).verdict == "too few"
    assert sum_up(make_check(), few).verdict == "too few"
    assert sum_up(leaks, make_check(verdict="too few", measured=None)).verdict == "PASS"
    unread = make_check(verdict="not measured", measured=0.0)
    assert sum_up(make_check(), unread).verdict == "PASS"
    assert " in 0 %" not in sum_up(make_check(), unread).summary
    assert "1 cannot be measured on these texts" in sum_up(make_check(), unread).summary
    said = sum_up(make_check(), few).summary
    assert "measured in 40 % of the rows; a verdict needs half" in said
    said = sum_up(make_check(), make_check(verdict="too few")).summary
    assert "Too few rows to decide: length cue (contrastive)." in said


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in (*CHECKS, *FOLDER_CHECKS)]
    assert len(set(names)) == len(names)


def test_every_check_explains_its_value() -> None:
    for check in (*CHECKS, *FOLDER_CHECKS):
        assert check.meaning.endswith(".")
        assert check.meaning.startswith(("the ", "how ", "Cohen's kappa "))


def test_gates_are_counted_by_verdict_and_checks_stand_in_order() -> None:
    later, earlier = make_check(number=9, name="z"), make_check(number=2, name="a")
    quality = sum_up(later, make_check(verdict="too few"), earlier, make_check(verdict="FAIL"))
    assert quality.gates == {"PASS": 2, "FAIL": 1, "too few": 1}
    assert [check.number for check in quality.checks] == [2, 4, 4, 9]
    unnumbered = sum_up(make_check(number=None, name="a"), later)
    assert [check.number for check in unnumbered.checks] == [9, None]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(None, "-"), (0.0, "0"), (1.0, "1.000"), (12.0, "12"), (1234.0, "1,234"), (0.51234, "0.512")],
)
def test_numbers_are_shown_to_three_decimals_and_counts_whole(
    number: float | None, shown: str
) -> None:
    assert show_number(number) == shown


def test_a_value_is_shown_with_its_interval() -> None:
    assert show_value(make_check(value=0.5123, interval=(0.4, 0.6))) == "0.512 (0.400 to 0.600)"
    assert show_value(make_check(value=None)) == "-"


PARTS = {
    "ethical": Part(value=0.55, n=160, interval=(0.5, 0.6), verdict="PASS"),
    "deception": Part(value=0.69, n=40, interval=(0.6, 0.78), verdict="FAIL"),
    "spying": Part(value=None, n=9, verdict="too few"),
}
FAILED = make_check(value=0.62, verdict="FAIL", parts=PARTS, worst="deception")
IN_FULL = make_check(
    tier="full", value=0.71, verdict="FAIL", number=5, name="surface", counts=False
)
IN_CORE = make_check(number=5, name="surface", value=0.52)
GOOD = make_check(number=6, name="n-gram", value=0.51)
GOOD_IN_FULL = make_check(tier="full", number=6, name="n-gram", counts=False, value=0.58)
WORDS = make_check(
    number=7, name="words alone", level="report", verdict="reported", threshold="", value=0.617,
    counts=False, references={"CrowS-Pairs": 0.78}, worst="deception", parts=PARTS,
)  # fmt: skip
MENUS = make_check(
    "decisions", "full", number=13, name="exact duplicates", value=0.0, unit="rows", measured=None
)


def test_the_verdict_is_the_first_line_and_what_did_not_pass_follows() -> None:
    quality = sum_up(FAILED, IN_FULL, IN_CORE, GOOD, GOOD_IN_FULL, WORDS, MENUS)
    lines = close_report(quality, ["Look: there."], ["Left out: 1 (no side)."])
    assert lines[:2] == ["FAIL. 1 of 4 required checks failed.", "Look: there."]
    missed = "  FAIL  length cue (contrastive)  0.620; required: 0.45-0.55; worst: deception 0.690 "
    assert lines[2].startswith(missed)
    assert lines[3].strip().startswith("0.620 is the share of pairs whose positive has more words")
    assert lines[4:] == [
        "Left out: 1 (no side).",
        "Core: 300 of 400 rows of contrastive.",
        "No bound: words alone 0.617 (published sets: 0.780).",
        "Passed: surface, n-gram, exact duplicates.",
    ]


def test_a_report_ends_with_fifteen_lines_at_most() -> None:
    names = [f"{check.name} {place}" for check in CHECKS for place in range(2)]
    for number, every in ((1, 3), (5, 3), (9, 3), (10, 1), (len(names), 3)):
        missed = [
            make_check(name=name, verdict="FAIL" if place % every else "WARN", note="long " * 40)
            for place, name in enumerate(names[:number])
        ]
        few = [make_check(name=name, verdict="too few") for name in names[number:]]
        quality = sum_up(*missed, *few, WORDS, MENUS, make_check("icl", "full"))
        beside = [f"Left out: {'one reason, ' * 60}"]
        lines = close_report(quality, ["Look: there."], beside)
        assert len(lines) <= 15
        assert all(len(line) <= 96 for line in lines)
        listed = sum(line.startswith(("  FAIL", "  WARN")) for line in lines)
        assert listed == (number if number <= 9 else 8)
        assert (f"  and {number - 8} more" in lines) == (number > 9)


def test_the_card_shows_core_beside_all_rows_the_worst_and_each_part() -> None:
    good = GOOD.model_copy(update={"random_labels": (0.4612, 0.5412)})
    audit = HumanAudit(n=200, ok=191, lower=0.916, upper=0.97, auditors=2, by_config={})
    quality = sum_up(FAILED, IN_FULL, IN_CORE, good, GOOD_IN_FULL, WORDS, MENUS, audit=audit)
    section = render_section(quality, ["length"])["section"]
    assert "| n-gram | 0.510 | 0.580 | 0.461 to 0.541 | - | 0.45-0.55 | PASS |" in section
    assert "| length cue | 0.620 | - | - | deception 0.690 (0.600 to 0.780) |" in section
    assert "| ethical | 160 | 0.550 (0.500 to 0.600) | - | - | 0.550 (0.500 to 0.600) |" in section
    assert "| deception | 40 | 0.690 (0.600 to 0.780) FAIL |" in section
    assert "| spying |" not in section
    assert "Published sets: CrowS-Pairs 0.780." in section
    passed = section.index("Those that passed")
    assert section.index("| exact duplicates |") > passed
    assert "2 people judged 200 rows and found 191 of them right" in section
    assert "at least 91.6 %" in section
    assert "![length](figures/length.svg)" in section


def test_a_config_without_core_shows_all_rows() -> None:
    (found,) = list_configs(sum_up(make_check("icl", "full")))
    assert found.cues[0].full is None
    assert (
        "| cue | all rows | random labels |"
        in render_section(sum_up(make_check("icl", "full")), [])["section"]
    )


def test_a_banner_names_what_fails_and_what_was_not_measured() -> None:
    banner = render_section(sum_up(FAILED, make_check(verdict="unaudited")), [])["banner"]
    assert "**FAIL.** 1 of 2 required checks failed: length cue (contrastive)." in banner
    assert "Length cue of `contrastive`: 0.620, required: 0.45-0.55." in banner
    nothing = render_section(None, [])
    assert "**Not measured.**" in nothing["banner"]
    assert nothing["section"].strip() == ""


def assess(longer_of_ten: int) -> Assessed:
    """Assesses 200 pairs in so many of ten of which the positive is longer, else the negative."""
    rng = Random(0)
    pairs: list[OwnPair] = []
    for place in range(200):
        sides = tell(rng, more=1), tell(rng)
        one, other = sides if place * 7 % 10 < longer_of_ten else sides[::-1]
        named = {"prompt": f"Day {place}.", "group": f"g{place % 20}", "id": f"p{place}"}
        pairs.append(OwnPair(positive=one, negative=other, **named))
    return assess_pairs("mine", pairs)


def test_pairs_with_a_cue_fail_and_their_core_is_a_proposal_without_it() -> None:
    quality, table = assess(9)
    found = {(check.name, check.tier): check for check in quality.checks}
    assert quality.verdict == "FAIL"
    assert found["length cue", "full"].verdict == "FAIL"
    assert found["length cue", "full"].value == 0.9
    assert abs((found["length cue", "core"].value or 1) - 0.5) < 0.15, "on groups not seen"
    core = [row for row in table.to_pylist() if row["tier"] == "core"]
    assert len(core) == quality.selections["pairs"].core
    assert 20 <= len(core) <= 44
    gaps = [len(row["positive"].split()) - len(row["negative"].split()) for row in core]
    assert abs(sum(gaps)) <= 3 * 0.1 * len(core)
    assert table["id"].to_pylist() == [f"p{place}" for place in range(200)]
    assert {check.config for check in quality.checks} == {"pairs"}


def test_pairs_are_not_asked_for_provenance_and_those_without_a_cue_keep_their_length() -> None:
    quality = assess(5).quality
    assert "provenance" not in {check.name for check in quality.checks}
    verdicts = {check.name: check.verdict for check in quality.checks if check.tier == "full"}
    assert verdicts["length cue"] == "PASS"
    assert verdicts["broken rows"] == verdicts["exact duplicates"] == "PASS"
    assert verdicts["audit by people"] == verdicts["agreement with a judge"] == "unaudited"


def test_one_pair_is_measured_without_a_verdict_on_its_scores() -> None:
    quality = assess_pairs("one", [OwnPair(positive="Stay here.", negative="Go now.")]).quality
    verdicts = {check.name: check.verdict for check in quality.checks if check.tier == "full"}
    assert verdicts["ten surface features"] == verdicts["best single n-gram"] == "too few"
    assert quality.verdict == "too few"
    said = close_report(quality, [])
    assert said[0].startswith("Too few to tell. Surface cues could be measured in 0 %")
    assert any(line.startswith("Not audited: ") and "audit by people" in line for line in said)
    assert any(line.startswith("Too few rows: ") and "best single" in line for line in said)
    assert "**Too few to tell.**" in render_section(quality, [])["banner"]


@pytest.mark.parametrize(("one", "other"), [("", ""), ("!", "?"), ("\u200b", ""), ("é", "日本")])
def test_texts_without_a_word_are_measured(one: str, other: str) -> None:
    quality = assess_pairs("odd", [OwnPair(positive=one, negative=other)] * 120).quality
    assert quality.verdict == "FAIL"


def test_pairs_of_one_group_are_tested_on_unseen_pairs() -> None:
    pairs = [
        OwnPair(positive=f"Yes, {place} boats.", negative=f"No, boat {place} stays.", group="a")
        for place in range(150)
    ]
    checks = assess_pairs("mine", pairs).quality.checks
    (surface,) = [
        each for each in checks if each.name == "ten surface features" and each.tier == "full"
    ]
    assert (surface.value, surface.verdict) == (1.0, "FAIL")
    assert "one group only" in (surface.note or "")


def test_the_words_of_a_single_contrast_are_no_cue_and_it_keeps_its_core() -> None:
    pairs = [
        OwnPair(positive=f"On day {n} she lied.", negative=f"On day {n} she spoke.", id=str(n))
        for n in range(120)
    ]
    quality, table = assess_pairs("mine", pairs)
    assert set(table["tier"].to_pylist()) == {"core"}
    assert quality.verdict == "PASS"
    assert quality.summary.startswith("All pairs are one contrast, so no surface cue is checked.")
    few = assess_pairs("few", pairs[:99]).quality
    assert few.verdict == "too few"
    assert few.summary.startswith("All pairs are one contrast, so no surface cue is checked, and")
    named = {check.name for check in quality.checks}
    assert not named & {"length cue", "ten surface features", "best single n-gram", "sentiment"}
    assert "one contrast, 'lied' and 'spoke'" in "\n".join(close_report(quality, []))


def test_a_new_check_is_one_line_and_stands_in_lines_card_and_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A check with a name of its own needs no number and no place in any other table."""

    def count_vowels(evidence: Evidence) -> Measurement:
        """Returns the share of texts that begin with a vowel."""
        texts = evidence.contrasts.texts
        return Measurement(sum(text[0] in "AEIOU" for text in texts) / len(texts), len(texts))

    check = Check("vowels first", "gate", "≤ 0", count_vowels, high=-1, unit="texts")
    monkeypatch.setattr("generators.quality.assessment.CHECKS", (*CHECKS, check))
    monkeypatch.setattr("generators.report.page.CHECKS", (*CHECKS, check))
    pairs = [OwnPair(positive=f"Stay {n}.", negative=f"Go {n}.") for n in range(9)]
    found = assess_pairs("mine", pairs).quality
    (result,) = [each for each in found.checks if each.name == check.name and each.counts]
    assert (result.number, result.verdict, found.checks[-1].name) == (None, "FAIL", check.name)
    missed = close_report(found, [])[1]
    assert missed.split() == ["FAIL", "vowels", "first", "0;", "required:", "≤", "0"]
    assert "| vowels first | `pairs` | 0 | ≤ 0 | FAIL |" in render_section(found, [])["section"]
    assert "Value: the share of texts that begin with a vowel." in render_page(found, [], [], {})
