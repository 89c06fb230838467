"""The response log and recorded answers: what was kept is found again, and nothing else."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asking import make_request
from damage import ERROR
from generators.engine.dialogue import Found
from generators.engine.exchange import Request
from generators.engine.money import read_prices
from generators.engine.recorded import RecordedEngine
from generators.engine.response_log import Arrival, ResponseLog
from generators.errors import LogError, ReplayError
from generators.responses import main as copy_responses
from model_server import complete

ANSWER = complete({"model": "m"}, "An answer.")


@pytest.fixture
def log(tmp_path: Path) -> Any:
    with ResponseLog(tmp_path / "log.sqlite", "loopback") as opened:
        yield opened


def test_an_answer_stays_the_first_one(log: ResponseLog) -> None:
    request = make_request(1)
    assert log.find(request) is None
    log.add(request, Arrival({"error": "busy", "usage": ANSWER["usage"]}, False, 200))
    assert log.find(request) is None
    log.add(request, Arrival(ANSWER, True))
    log.add(request, Arrival({**ANSWER, "id": "second"}, True))
    found = log.find(request)
    assert found is not None
    assert (found.response, found.failed) == (ANSWER, 1)
    assert found.tokens.prompt == 200  # the failed try was paid too


def test_servers_and_occurrences_are_kept_apart(tmp_path: Path, log: ResponseLog) -> None:
    log.add(make_request(1), Arrival(ANSWER, True))
    second = Request("test/v1", "1", make_request(1).body, occurrence=2)
    assert second.key == make_request(1).key
    assert log.find(second) is None
    log.close()
    with ResponseLog(tmp_path / "log.sqlite", "elsewhere") as other:
        assert other.find(make_request(1)) is None


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"model": "other"}, False),
        ({"temperature": 0.5}, False),
        ({"messages": [{"role": "user", "content": "Question 1"}]}, False),
        ({"max_completion_tokens": 101}, False),
    ],
)
def test_a_key_is_of_all_that_is_sent(change: dict[str, Any], same: bool) -> None:
    request = make_request(1)
    changed = Request("test/v1", "1", dict(reversed({**request.body, **change}.items())))
    assert (changed.key == request.key) == same


def test_a_key_is_the_sha256_of_canonical_json() -> None:
    from hashlib import sha256

    body = make_request(1).body
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert make_request(1).key == sha256(text.encode()).hexdigest()


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["answer", "fail", "reopen"]), st.integers(0, 5)), max_size=30
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operations=OPERATIONS, cut=st.integers(0, 40))
def test_whatever_was_added_before_a_kill_is_found_after_it(
    operations: list[tuple[str, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A kill is a copy of the files as they are at that moment: nothing is flushed for it."""
    folder = tmp_path_factory.mktemp("log")
    path, killed = folder / "log.sqlite", folder / "killed.sqlite"
    kept: dict[int, dict[str, Any]] = {}
    log = ResponseLog(path, "loopback")
    for step, (operation, number) in enumerate(operations):
        if operation == "reopen":
            log.close()
            log = ResponseLog(path, "loopback")
        elif operation == "fail":
            log.add(make_request(number), Arrival({"error": "x"}, False, 500))
        else:
            log.add(make_request(number), Arrival({**ANSWER, "id": str(step)}, True))
            kept.setdefault(number, {**ANSWER, "id": str(step)})
        if step == cut:
            break
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            killed.with_name(killed.name + suffix).write_bytes(source.read_bytes())
    log.close()
    with ResponseLog(killed, "loopback") as again:
        for number in range(6):
            found = again.find(make_request(number))
            assert (found and found.response) == kept.get(number)


def test_a_torn_last_write_loses_that_answer_only(tmp_path: Path) -> None:
    path, torn = tmp_path / "log.sqlite", tmp_path / "torn.sqlite"
    with ResponseLog(path, "loopback") as log:
        for number in range(3):
            log.add(make_request(number), Arrival(ANSWER, True))
        torn.write_bytes(path.read_bytes())
        wal = path.with_name("log.sqlite-wal").read_bytes()
        torn.with_name("torn.sqlite-wal").write_bytes(wal[:-1000])
    with ResponseLog(torn, "loopback") as log:
        assert [log.find(make_request(n)) is not None for n in range(3)] == [True, True, False]


@pytest.mark.parametrize("content", [b"no database at all, but some text " * 50, b"SQLite"])
def test_another_file_is_no_log_and_is_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_bytes(content)
    with pytest.raises(LogError, match="not a response log") as error:
        ResponseLog(path, "loopback")
    assert ERROR.match(str(error.value))
    assert path.read_bytes() == content


def test_another_database_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (a)")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(LogError, match="another kind"):
        ResponseLog(path, "loopback")
    assert path.read_bytes() == before


def test_answers_go_out_as_jsonl_and_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, lines, back = (tmp_path / name for name in ("a.sqlite", "a.jsonl", "b.sqlite"))
    with ResponseLog(path, "https://api.openai.com/v1") as log:
        for number in (3, 1, 2):
            log.add(make_request(number), Arrival(ANSWER, True))
        log.add(make_request(4), Arrival({"error": "x"}, False))
    assert copy_responses(["export", str(path), str(lines)]) == 0
    assert copy_responses(["import", str(back), str(lines)]) == 0
    assert capsys.readouterr().out.count("3 answers") == 2
    keys = [json.loads(line)["key"] for line in lines.read_text(encoding="utf-8").splitlines()]
    assert keys == sorted(keys)
    recording = RecordedEngine(lines, read_prices())
    with ResponseLog(back, "https://api.openai.com/v1") as log:
        for number in range(5):
            found, again = log.find(make_request(number)), recording.find(make_request(number))
            assert isinstance(found, Found) == isinstance(again, Found) == (0 < number < 4)
            if found and again:
                assert (found.response, found.tokens) == (again.response, again.tokens)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2"),
        ('{"key": "abc"}', "line 2: key"),
        ('{"key": "%s", "task": "t/v1", "item": "i", "model": "m", "response": {}}' % ("a" * 64),
         "without choices"),
    ],
)  # fmt: skip
def test_a_broken_recording_names_its_line(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ReplayError, match=said) as error:
        RecordedEngine(path, read_prices())
    assert ERROR.match(str(error.value))


def test_a_missing_recording_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="No such file"):
        RecordedEngine(tmp_path / "none.jsonl", read_prices())
    assert copy_responses(["export", str(tmp_path / "none"), str(tmp_path / "x")]) == 1


def test_a_log_that_a_server_has_broken_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Earlier versions kept what orjson, which reads the log, does not take."""
    path, lines, back = (tmp_path / name for name in ("a.sqlite", "a.jsonl", "b.sqlite"))
    broken = [
        json.dumps({**ANSWER, "id": "\ud83d"}).encode(),
        json.dumps({**ANSWER, "created": 10**400}).encode(),
        json.dumps({**ANSWER, "created": float("nan"), "\ud83d": 1}).encode(),
    ]
    with ResponseLog(path, "loopback") as log:
        for number, _ in enumerate(broken):
            log.add(make_request(number), Arrival(ANSWER, True))
    with closing(sqlite3.connect(path)) as db:
        for number, response in enumerate(broken):
            db.execute("UPDATE exchanges SET response = ? WHERE item = ?", (response, str(number)))
        db.commit()
    assert copy_responses(["export", str(path), str(lines)]) == 0
    assert copy_responses(["import", str(back), str(lines)]) == 0
    assert capsys.readouterr().out.count("3 answers") == 2
    for file in (path, back):
        with ResponseLog(file, "loopback") as log:
            for number, _ in enumerate(broken):
                found = log.find(make_request(number))
                assert found is not None
                assert found.response["choices"] == ANSWER["choices"]


def test_a_file_of_recorded_answers_with_half_a_character_is_read(tmp_path: Path) -> None:
    request = make_request(1)
    line = {"key": request.key, "task": "t/v1", "item": "1", "model": "m"}
    path = tmp_path / "old.jsonl"
    path.write_text(json.dumps({**line, "response": {**ANSWER, "id": "\ud83d"}}), encoding="utf-8")
    assert RecordedEngine(path, read_prices()).find(request) is not None
