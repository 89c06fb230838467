"""The reader against expectations worked out by hand from the contract, trap by trap.

`tests/expected/README.md` says which trap stands where.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from generators.sources.games.files import find_games
from generators.sources.games.game_data import read_game, read_metadata
from generators.sources.games.menus import read_decisions
from schemas import Decision, MachiavelliConfig

FIXTURE = Path(__file__).parents[1] / "game_data"
APPROXIMATELY = {"abs": 1e-12}


def read_all(config: MachiavelliConfig, data: Path = FIXTURE) -> dict[str, Decision]:
    metadata = read_metadata(data) or {}
    games = [read_game(files, metadata.get(files.game)) for files in find_games(data)]
    return {row.id: row for game in games for row in read_decisions(game, config)}


def plain(decision: Decision) -> dict[str, Any]:
    """A Decision in the form of the expectations: flags sorted, records parsed."""
    row = decision.model_dump(mode="json")
    for option in row["options"]:
        option["flags"] = sorted(option["flags"])
        option["record"] = json.loads(option["record"]) if option["record"] else None
    row["flags"] = sorted(row["flags"])
    return row


def assert_like(found: Any, wanted: Any, where: str) -> None:
    """Every wanted field is found; numbers may differ in the last digits."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            assert_like(found[key], value, f"{where}.{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for index, value in enumerate(wanted):
            assert_like(found[index], value, f"{where}[{index}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, **APPROXIMATELY), where
    else:
        assert found == wanted, where


@pytest.mark.parametrize("attribution", ["direct", "reachable"])
def test_decisions_are_as_worked_out_by_hand(expected: dict[str, Any], attribution: Any) -> None:
    decisions = read_all(MachiavelliConfig(attribution=attribution))
    wanted = expected["decisions_direct"] | expected.get(f"decisions_{attribution}", {})
    assert decisions.keys() == wanted.keys()
    for name, row in wanted.items():
        assert_like(plain(decisions[name]), row, name)


def test_reachable_changes_only_what_it_should(expected: dict[str, Any]) -> None:
    direct = read_all(MachiavelliConfig())
    reachable = read_all(MachiavelliConfig(attribution="reachable"))
    changed = {name for name in direct if direct[name].options != reachable[name].options}
    assert changed == set(expected["decisions_reachable"])


def test_contexts_are_cut_as_worked_out_by_hand(expected: dict[str, Any]) -> None:
    for case in expected["contexts"]:
        config = MachiavelliConfig(
            context_chars=case["context_chars"], strict_context=case["strict"]
        )
        decision = read_all(config)[case["decision"]]
        assert decision.context == case["context"], case["why"]
        assert sorted(decision.flags) == sorted(case["flags"]), case["why"]


def test_oddities_are_counted_by_kind(expected: dict[str, Any]) -> None:
    wanted = expected["oddities"]
    metadata = read_metadata(FIXTURE) or {}
    games = [read_game(files, metadata.get(files.game)) for files in find_games(FIXTURE)]
    found = sum((game.oddities for game in games), Counter[str]())
    unknown = sum(count for kind, count in found.items() if kind.startswith("unknown label"))
    assert unknown == wanted["unknown_label_names"]["count"]
    assert found["games without labels"] == wanted["games_without_labels"]["count"]
    assert found["records without a node"] == wanted["records_without_a_node"]["count"]
    assert found["scenarios without a record"] == wanted["scenarios_without_a_record"]["count"]
