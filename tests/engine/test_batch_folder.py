"""Files in place of a server: whatever an engine leaves there, nothing is lost or doubled."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from batch_runner import REQUESTS, Runner

from asking import Answer, Asking, make_request
from asking_in_files import Asked, list_requests, take_answers
from damage import ERROR
from generators.engine.dialogue import Accepted, Missing
from generators.engine.response_log import ResponseLog
from generators.errors import BudgetError, FolderError, Unfinished
from model_server import serve

TESTS = Path(__file__).parents[1]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def test_requests_are_written_answered_and_taken(asked: Asked) -> None:
    line = asked.leave(20, lines_per_file=8)
    said = "20 requests in 3 files *.requests.jsonl (20 for asking) without an answer. Next: let an"
    assert line.startswith(f"Ready in {asked.folder}: {said} engine answer each file")
    sizes = [len(path.read_bytes().splitlines()) for path in sorted(asked.folder.iterdir())]
    assert sorted(sizes) == [4, 8, 8]
    for request in list_requests(asked.folder):
        assert request.keys() == {"custom_id", "method", "url", "body"}
    Runner().answer_folder(asked.folder)
    lines = asked.finish()
    assert "3 files of answers, 20 answered." in lines[0]
    assert "20 answers taken" in lines[-1]
    assert asked.finish() == lines[:1], "nothing is taken twice"


def test_files_are_the_same_wherever_they_are_written(asked: Asked, tmp_path: Path) -> None:
    asked.leave()
    other = Asked(tmp_path / "other")
    other.leave()
    one, same = ([(path.name, path.read_bytes()) for path in sorted(each.folder.iterdir())]
                 for each in (asked, other))  # fmt: skip
    assert one == same


def test_what_waits_is_not_written_again(asked: Asked) -> None:
    asked.leave()
    before = {path: path.stat().st_mtime_ns for path in asked.folder.iterdir()}
    assert "20 requests in 1 file " in asked.leave()
    assert "20 requests of earlier runs still without an answer" in asked.lines
    assert before == {path: path.stat().st_mtime_ns for path in asked.folder.iterdir()}


def test_writing_repairing_and_what_follows_are_rounds(asked: Asked) -> None:
    """A re-ask needs another run, which says so."""
    unfit = Runner(answer=lambda body: "{}")
    asked.leave(5)
    unfit.answer_folder(asked.folder)
    line = asked.leave(7)
    assert "(5 for re-asking, 2 for asking)" in line
    assert "run this command again" in line
    Runner().answer_folder(asked.folder)
    steps = asked.run(7)
    assert all(isinstance(step, Accepted) for step in steps)
    assert [len(step.found) for step in steps] == [2] * 5 + [1] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_runner_that_is_killed_loses_only_what_it_had_not_written(asked: Asked) -> None:
    asked.leave(40)
    command = [sys.executable, str(TESTS / "batch_runner.py"), str(asked.folder), '{"pause": 0.02}']
    with subprocess.Popen(command) as engine:
        path = None
        while path is None or path.read_bytes().count(b"\n") < 5:
            path = next(asked.folder.glob("*.answers.jsonl"), None)
        os.kill(engine.pid, signal.SIGKILL)
    path.write_bytes(
        path.read_bytes() + b'{"id": "vllm-1", "custom_id": "4'
    )  # what a buffer leaves
    whole = path.read_bytes().count(b"\n")
    assert 5 <= whole < 40
    assert f" {40 - whole} requests in 1 file " in asked.leave(40)
    assert f"not whole yet: {path.name}" in asked.lines
    assert len(list_requests(asked.folder)) == 40 - whole  # its own file asks for the rest alone
    rest = Runner()
    rest.answer_folder(asked.folder)
    assert len(rest.asked) == 40 - whole
    asked.finish(40)


def test_requests_are_newer_than_answers_that_did_not_suffice(asked: Asked) -> None:
    """So that a loop over files that have no answers yet takes them again."""
    asked.leave(3)
    (path,) = asked.folder.iterdir()
    for runner in (Runner(failed=3), Runner(left_out=2)):
        (answers,) = runner.answer_folder(asked.folder)
        os.utime(path, (1, 1))
        asked.leave(3)
        assert path.stat().st_mtime >= answers.stat().st_mtime


def test_a_folder_moves_to_another_machine_and_back(asked: Asked, tmp_path: Path) -> None:
    asked.leave()
    away = tmp_path / "another" / "machine"
    shutil.move(asked.folder, away)
    Runner(left_out=5).answer_folder(away)
    asked.folder = tmp_path / "back"
    shutil.move(away, asked.folder)
    assert " 5 requests in 1 file " in asked.leave()
    Runner().answer_folder(asked.folder)
    asked.finish()


def test_a_run_while_the_folder_is_away_costs_nothing(asked: Asked, tmp_path: Path) -> None:
    asked.leave()
    away = tmp_path / "away"
    shutil.move(asked.folder, away)
    before = list_requests(away)
    assert " 20 requests in 1 file " in asked.leave()
    assert "is not there; 20 requests of it have no answer yet" in asked.lines
    assert list_requests(asked.folder) == before
    Runner().answer_folder(away)
    shutil.copy(take_answers(away)[0], asked.folder)
    asked.finish()


def test_a_folder_is_understood_without_its_log(asked: Asked, tmp_path: Path) -> None:
    asked.leave()
    unfit = Runner(answer=lambda body: "{}", left_out=3)
    (path,) = unfit.answer_folder(asked.folder)
    path.rename(asked.folder / "first.jsonl")
    (tmp_path / "log.sqlite").unlink()
    assert "(3 for asking, 17 for re-asking)" in asked.leave().replace(
        "17 for re-asking, 3 for asking", "3 for asking, 17 for re-asking"
    )
    Runner().answer_folder(asked.folder)
    (tmp_path / "log.sqlite").unlink()
    asked.finish()


def test_a_cut_file_of_requests_is_made_whole(asked: Asked) -> None:
    asked.leave()
    (path,) = asked.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-30])
    assert "20 requests in 2 files " in asked.leave()
    assert len({each["custom_id"] for each in list_requests(asked.folder)}) == 20
    Runner().answer_folder(asked.folder)
    asked.finish()


def test_files_of_others_are_never_changed(asked: Asked) -> None:
    asked.folder.mkdir()
    theirs = [asked.folder / name for name in
              ("mine.requests.jsonl", "notes.txt", ".hidden.jsonl", "other.jsonl")]  # fmt: skip
    for path in theirs:
        path.write_text('{"mine": 1}\n', encoding="utf-8")
    asked.leave()
    Runner().answer_folder(asked.folder / "nothing")
    (ours,) = asked.folder.glob(f"asking-*{REQUESTS}")
    alone = asked.folder.parent / "alone"
    alone.mkdir()
    shutil.copy(ours, alone)
    shutil.copy(Runner().answer_folder(alone)[0], asked.folder)
    assert all(isinstance(step, Accepted) for step in asked.run())
    assert not ours.exists()
    assert [path.read_text(encoding="utf-8") for path in theirs] == ['{"mine": 1}\n'] * 4


def test_the_lanes_mix(tmp_path: Path, key: None) -> None:
    with serve() as (server, url):
        Asking(tmp_path, url).run(5)
        with pytest.raises(Unfinished):
            Asking(tmp_path, url, batch_folder=tmp_path / "asking").run(15)
        assert len(list_requests(tmp_path / "asking")) == 10
        for batch in (False, True):  # neither asks for what waits in the folder
            other = Asking(tmp_path, url, batch=batch)
            steps = other.run(20)
            assert [isinstance(step, Missing) for step in steps].count(True) == 10
            assert any("10 requests are not asked for here" in line
                       and "--batch-folder" in line for line in other.progress.lines)  # fmt: skip
        assert server.counts["paid"] == 10
        Runner().answer_folder(tmp_path / "asking")
        lane = Asking(tmp_path, url, batch_folder=tmp_path / "asking")
        assert all(isinstance(step, Accepted) for step in lane.run(20))
        assert server.counts["paid"] == 10


def test_the_limit_on_the_cost_counts_where_the_price_is_known(asked: Asked) -> None:
    line = asked.leave(100, max_cost=0.02)
    written = len(list_requests(asked.folder))
    assert 0 < written < 100
    assert f"--max-cost has no room for {100 - written} more" in line
    assert asked.asking.engine.budget.reserved <= 0.02
    asked.leave(100, max_cost=0.02)
    assert len(list_requests(asked.folder)) == written, "what stands there counts"
    shutil.rmtree(asked.folder)
    with pytest.raises(BudgetError):
        asked.run(100, max_cost=0.00001)
    assert list_requests(asked.folder) == []


@pytest.mark.parametrize("kind", ["file", "unwritable"])
def test_a_folder_that_cannot_be_used_is_one_line(kind: str, asked: Asked) -> None:
    if kind == "file":
        asked.folder.write_text("", encoding="utf-8")
    else:
        asked.folder.symlink_to("/proc/nothing")
    with pytest.raises(FolderError) as error:
        asked.run()
    assert ERROR.match(str(error.value))


def test_a_kill_between_log_and_file_is_found_out_about(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*rest: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("generators.engine.batch_folder.replace_lines", die)
        with pytest.raises(KeyboardInterrupt):
            asked.run()
    with ResponseLog(asked.path / "log.sqlite", "loopback") as log:
        assert log.is_pending(make_request(0))
    asked.leave()
    Runner().answer_folder(asked.folder)
    asked.finish()


def test_answers_are_what_the_schema_asks_for(asked: Asked) -> None:
    asked.leave(1)
    Runner().answer_folder(asked.folder)
    (step,) = asked.run(1)
    assert step.value == Answer(text="Some text.", number=1)
