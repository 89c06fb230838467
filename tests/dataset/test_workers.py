"""Many processes: results in order, and no worker that outlives its work."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from generators.errors import WorkerError
from generators.parallel import map_ahead, map_in_order, run_ahead

ROOT = Path(__file__).parents[2]
SLOW_BUILD = """
import sys, time
from generators.parallel import map_in_order
if __name__ == "__main__":
    results = map_in_order(time.sleep, [0, 0, 600, 600], 2)
    next(results), next(results)
    print("working", flush=True)
    next(results)
"""


def find_modules(folder: Path) -> dict[str, str]:
    """The environment of a process that finds the package, and modules in a folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}


def test_a_plain_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    code = "from generators.parallel import map_in_order\nprint(*map_in_order(abs, [-1, -2], 2))\n"
    script.write_text(code, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(script)], env=find_modules(tmp_path), capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("1 2\n", "")


def kill_oneself(item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGTERM)
    return item


def test_results_come_in_order() -> None:
    for processes in (1, 2):
        assert list(map_in_order(abs, range(-40, 0), processes)) == [*range(40, 0, -1)]


def test_threads_give_results_in_order_and_work_only_a_little_ahead() -> None:
    taken: list[int] = []

    def take(item: int) -> int:
        taken.append(item)
        return item

    doubled = map_ahead(lambda item: item * 2, map(take, range(100)))
    assert next(doubled) == 0
    assert len(taken) <= 4
    assert [*doubled] == [*range(2, 200, 2)]
    assert [*run_ahead(map(abs, range(-40, 0)), 3)] == [*range(40, 0, -1)]
    taken.clear()
    made = run_ahead(map(take, range(100)), 3)
    assert next(made) == 0
    made.close()  # type: ignore[attr-defined]
    assert taken == [*range(len(taken))]
    assert len(taken) <= 5


@pytest.mark.parametrize("mapped", [True, False])
def test_an_error_in_a_thread_comes_after_what_was_made_before_it(mapped: bool) -> None:
    def divide(item: int) -> float:
        return 1 / item

    some = [4, 2, 1, 0, 1]
    made = map_ahead(divide, some) if mapped else run_ahead(map(divide, some), 2)
    assert [next(made) for _ in range(3)] == [0.25, 0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_stopping_early_ends_the_workers() -> None:
    results = map_in_order(time.sleep, [0, 600, 600, 600], 2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_killed_worker_is_one_clear_line() -> None:
    with pytest.raises(WorkerError, match="a process was killed.*expected it to finish"):
        list(map_in_order(kill_oneself, range(10), 2))


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_twice_leaves_nothing_behind(tmp_path: Path) -> None:
    script = tmp_path / "slow_build.py"
    script.write_text(SLOW_BUILD, encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, "-m", script.stem], env=find_modules(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None
    while run.stdout.readline().strip() != "working":
        assert run.poll() is None
    workers = psutil.Process(run.pid).children(recursive=True)
    for _ in range(3):
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.05)
    _, errors = run.communicate(timeout=30)
    assert "ForkPool" not in errors
    assert "SpawnProcess" not in errors
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE]


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "slow_build.py"
    script.write_text(SLOW_BUILD, encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, "-m", script.stem],
        env=find_modules(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    while parent.stdout.readline().strip() != "working":
        assert parent.poll() is None
    workers = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.communicate()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert len(workers) >= 2
    assert not [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE]
