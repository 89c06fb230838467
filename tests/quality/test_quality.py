"""What all checks of a folder, or of a file of pairs, come to; and how it is told."""

from random import Random
from typing import Any

import pytest

from generators.quality.assessment import Assessed, assess_pairs
from generators.quality.measurement import find_gates, summarize_checks
from generators.quality.verdicts import list_checks, render_section, show_number, show_value
from generators.sources.pairs.pair_files import OwnPair
from planted import tell
from schemas.quality import CheckResult, Controls, HumanAudit, Plots, Quality, Selection

SELECTION = Selection(rows=400, core=300, hard=9, reversed_cue=5, fell={"length": 90, "place": 10})


def make_check(config: str = "contrastive", tier: str = "core", **columns: Any) -> CheckResult:
    shared: dict[str, Any] = {
        "number": 4,
        "name": "length cue",
        "level": "gate",
        "value": 0.5,
        "threshold": "0.45-0.55",
        "verdict": "PASS",
        "n": 120,
        "unit": "menus",
    }
    return CheckResult(config=config, tier=tier, **(shared | columns))


def sum_up(*checks: CheckResult, audit: HumanAudit | None = None) -> Quality:
    return summarize_checks("made-up", checks, {"contrastive": SELECTION}, Plots(), audit)


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (make_check(verdict="FAIL"), "FAIL"),
        (
            make_check(tier="full", verdict="FAIL"),
            "PASS",
        ),  # what `core` is chosen by `full` may miss
        (make_check(tier="full", number=2, verdict="FAIL"), "PASS"),
        (make_check(tier="full", number=16, verdict="FAIL"), "FAIL"),  # leaks nobody is excused of
        (make_check(verdict="FAIL", waived="meant so"), "PASS"),
        (make_check(verdict="WARN", level="warn"), "PASS"),
        (make_check(verdict="too few"), "PASS"),
        (make_check("decisions", "full", number=13, verdict="FAIL"), "FAIL"),  # it has no `core`
        (make_check("icl", "full", number=6, verdict="FAIL"), "PASS"),  # nor a choice without cues
        (make_check(verdict="unaudited"), "PASS"),
        (make_check("folder", "full", verdict="FAIL"), "FAIL"),
        (make_check("folder", "full", verdict="unaudited"), "PASS"),
        (make_check("pairs", "full", verdict="FAIL"), "FAIL"),
        (make_check("pairs", "core", verdict="FAIL"), "PASS"),  # there `core` is a proposal
    ],
)
def test_only_gates_that_count_make_a_fail(check: CheckResult, verdict: str) -> None:
    quality = sum_up(make_check(), check)
    assert quality.verdict == verdict
    assert ("FAIL" in quality.gates) == (verdict == "FAIL")
    assert (check in find_gates([make_check(number=9), check])) == (
        check.level == "gate"
        and not check.waived
        and (check.config, check.tier, check.number)
        not in {
            ("contrastive", "full", 2),
            ("contrastive", "full", 4),
            ("pairs", "core", 4),
            ("icl", "full", 6),
        }
    )


def test_gates_are_counted_by_verdict_and_checks_stand_in_order() -> None:
    later, earlier = make_check(number=9, name="z"), make_check(number=2, name="a")
    quality = sum_up(later, make_check(verdict="too few"), earlier, make_check(verdict="FAIL"))
    assert quality.gates == {"PASS": 2, "FAIL": 1, "too few": 1}
    assert [check.number for check in quality.checks] == [2, 4, 4, 9]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(None, "-"), (0.0, "0"), (1.0, "1.000"), (12.0, "12"), (1234.0, "1,234"), (0.51234, "0.512")],
)
def test_numbers_are_shown_to_three_decimals_and_counts_whole(
    number: float | None, shown: str
) -> None:
    assert show_number(number) == shown


def test_a_value_is_shown_with_its_interval() -> None:
    assert show_value(make_check(value=0.5123, interval=(0.4, 0.6))) == "0.512 (0.400-0.600)"
    assert show_value(make_check(value=None)) == "-"


FAILED = make_check(value=0.62, verdict="FAIL")
IN_FULL = make_check(tier="full", value=0.71, verdict="FAIL", number=5, name="surface")
GOOD_IN_FULL = make_check(tier="full", number=6, name="n-gram")
WAIVED = make_check("associations", value=0.97, verdict="FAIL", name="sentiment", waived="meant so")
MENUS = make_check("decisions", "full", number=13, name="exact duplicates", value=0.0, unit="rows")


def test_lines_show_core_what_all_rows_miss_and_configs_without_core() -> None:
    lines = [*list_checks(sum_up(FAILED, IN_FULL, GOOD_IN_FULL, WAIVED, MENUS))]
    assert "contrastive: core 300 of 400 rows" in lines
    assert "decisions" in lines
    told = {name: [line for line in lines[:-1] if f" {name} " in line] for name in
            ("length cue", "surface", "n-gram", "sentiment", "exact duplicates")}  # fmt: skip
    assert {name: len(found) for name, found in told.items()} == {
        "length cue": 1, "surface": 1, "n-gram": 0, "sentiment": 1, "exact duplicates": 1,
    }  # fmt: skip
    assert "FAIL (all rows)" in told["surface"][0]
    assert "(all rows)" not in told["length cue"][0]
    assert told["sentiment"][0].endswith("waived: meant so")
    assert "n = 120 menus" in told["length cue"][0]
    assert lines[-1] == (
        "Gates: 1 PASS, 1 FAIL. FAIL: length cue of contrastive 0.620, wanted 0.45-0.55."
    )  # fmt: skip


def test_the_card_shows_values_controls_waivers_and_what_all_rows_miss() -> None:
    controls = Controls(random_labels=0.4912, surface_only=0.5312)
    words = make_check(number=7, name="words", figures={"all rows": 0.812}, note="the n-gram 'a|b'")
    waived_in_full = WAIVED.model_copy(update={"tier": "full"})
    checks = (make_check(controls=controls), IN_FULL, GOOD_IN_FULL, WAIVED, waived_in_full, MENUS)
    checks += (words,)
    audit = HumanAudit(n=200, ok=191, lower=0.916, upper=0.97, auditors=2, by_config={})
    said = render_section(sum_up(*checks, audit=audit), ["length"])
    section, banner = said["section"], said["banner"]
    assert "| 0.491 | 0.531 | PASS |" in section
    assert "- surface of `contrastive`: 0.710, wanted" in section
    assert section.count("sentiment") == 2, "in the table, and as waived"
    assert "| PASS | the n-gram 'a\\|b' |" in section
    assert "rank this share of all pairs right" in section
    assert "`contrastive` 0.812." in section
    assert "| n-gram |" not in section
    assert "| waived |" in section
    assert "Waived: sentiment of `associations` (0.970, wanted 0.45-0.55): meant so." in section
    assert "200 rows were judged by 2 people, and 191 found right: at least 91.6 %" in section
    assert "| `contrastive` | 400 | 300 | 9 | 5 | length 90, place 10 |" in section
    assert "![length](figures/length.svg)" in section
    assert "on other rows those that `core` is not chosen by): 3 held" in banner


def test_a_banner_names_what_fails_and_what_was_not_measured() -> None:
    banner = render_section(sum_up(FAILED, make_check(verdict="unaudited")), [])["banner"]
    assert "**FAIL.** length cue of `contrastive`: 0.620, wanted 0.45-0.55." in banner
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
    assert found["length cue", "core"].value == pytest.approx(0.5, abs=0.05)
    core = [row for row in table.to_pylist() if row["tier"] == "core"]
    assert len(core) == quality.selections["pairs"].core
    assert 20 <= len(core) <= 44
    gaps = [len(row["positive"].split()) - len(row["negative"].split()) for row in core]
    assert abs(sum(gaps)) <= 3 * 0.1 * len(core)
    assert table["id"].to_pylist() == [f"p{place}" for place in range(200)]
    assert {check.config for check in quality.checks} == {"pairs"}


def test_pairs_are_not_asked_for_provenance_and_those_without_a_cue_keep_their_length() -> None:
    quality = assess(5).quality
    assert 25 not in {check.number for check in quality.checks}
    verdicts = {check.name: check.verdict for check in quality.checks if check.tier == "full"}
    assert verdicts["length cue"] == "PASS"
    assert verdicts["broken rows"] == verdicts["exact duplicates"] == "PASS"
    assert verdicts["audit by people"] == verdicts["agreement with a judge"] == "unaudited"


def test_one_pair_is_measured_without_a_verdict_on_its_scores() -> None:
    quality = assess_pairs("one", [OwnPair(positive="Stay here.", negative="Go now.")]).quality
    verdicts = {check.name: check.verdict for check in quality.checks if check.tier == "full"}
    assert verdicts["length cue"] == verdicts["best single n-gram"] == "too few"
    assert quality.verdict == "too few"
    said = [*list_checks(quality)]
    assert said[-1].endswith("Too few rows to tell whether there is any cue.")
    assert any("audit by people" in line and "unaudited" in line for line in said)
    assert any("length cue" in line and "n = 1 menus" in line for line in said)
    assert "**Too few.**" in render_section(quality, [])["banner"]


@pytest.mark.parametrize(("one", "other"), [("", ""), ("!", "?"), ("\u200b", ""), ("é", "日本")])
def test_texts_without_a_word_are_measured(one: str, other: str) -> None:
    quality = assess_pairs("odd", [OwnPair(positive=one, negative=other)] * 120).quality
    assert quality.verdict == "FAIL"


def test_pairs_of_one_group_do_not_pass_what_a_classifier_cannot_be_tested_on() -> None:
    pairs = [
        OwnPair(positive=f"Yes, take boat {place}.", negative=f"No, leave boat {place}.", group="a")
        for place in range(150)
    ]
    checks = assess_pairs("mine", pairs).quality.checks
    (surface,) = [each for each in checks if each.number == 5 and each.tier == "full"]
    assert (surface.value, surface.verdict) == (0.5, "too few")
    assert "all of one group" in (surface.note or "")
