"""Measures the engine beside a plain `AsyncOpenAI` loop that keeps nothing, on a loopback server.

    python tests/benchmarks/engine.py [CASE ...]

The workload is 2,000 requests that ask for a schema of four fields, 200 ms until each answer.
Validation and the response log are included; a process's start and imports are in `wall` and
`cpu`, and left out of `run`. Trust the ratios: both sides run in the same minute, and the server
has a process of its own.
"""

import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2]))
FAULTS = {"refused": 0.05, "failed": 0.02, "cut_off": 0.01, "off_schema": 0.01, "reset": 0.01}
SYSTEM = "You label scenes. " * 60


class Draft(BaseModel):
    """Four fields, as in the workload of the reference."""

    model_config = ConfigDict(extra="forbid")
    scene: str
    severity: int
    reason: str
    confidence: float


def make_schema() -> dict[str, Any]:
    return {**Draft.model_json_schema(), "additionalProperties": False}


def make_messages(number: int) -> list[dict[str, str]]:
    scene = f"Scene {number}. " + "The rain had stopped, and nobody said so. " * 35
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": scene}]


REPAIRS = 3
"""As the frameworks of the reference were given: one request in 2,500 fails twice in a row."""


def run_ours(base_url: str, number: int, at_once: int, log: str) -> int:
    """Returns how many rows came of the requests."""
    from generators.engine.dialogue import Accepted, Ask, Unfit
    from generators.engine.engine import LoggedEngine, Settings
    from generators.engine.exchange import Request, write_body
    from generators.engine.money import read_prices
    from generators.engine.response_log import ResponseLog

    schema = make_schema()

    def read(content: str) -> Draft:
        try:
            return Draft.model_validate_json(content)
        except ValidationError as error:
            raise Unfit("schema", str(error)) from error

    def asks() -> Iterator[Ask[Draft]]:
        for n in range(number):
            body = write_body("test", make_messages(n), "draft", schema, 300)
            yield Ask(Request("bench/v1", str(n), body), read)

    settings = Settings(
        responses=Path(log), base_url=base_url, concurrency=at_once, repairs=REPAIRS
    )
    with ResponseLog(Path(log), "loopback") as kept:
        engine = LoggedEngine(kept, settings, read_prices())
        return sum(isinstance(step, Accepted) for step in engine.run(asks, "bench", number))


def run_plain(base_url: str, number: int, at_once: int) -> int:
    """The loop that everybody writes first."""
    import openai

    form = {"type": "json_schema", "json_schema": {"name": "draft", "schema": make_schema()}}

    async def run() -> int:
        client = openai.AsyncOpenAI(api_key="none", base_url=base_url)
        gate = asyncio.Semaphore(at_once)

        async def one(n: int) -> int:
            async with gate:
                answer = await client.chat.completions.create(
                    model="test", messages=make_messages(n), response_format=form, max_tokens=300
                )
                try:
                    Draft.model_validate_json(answer.choices[0].message.content)
                except (ValidationError, ValueError):
                    return 0
                return 1

        rows = await asyncio.gather(*(one(n) for n in range(number)), return_exceptions=True)
        await client.close()
        return sum(row for row in rows if isinstance(row, int))

    return asyncio.run(run())


def run_child(side: str, base_url: str, number: str, at_once: str, log: str) -> None:
    """Runs one side in this process, and prints what it took."""
    for module in ("openai", "aiohttp", "generators.engine.live", "generators.engine.api"):
        __import__(module)
    start = time.perf_counter()
    if side == "ours":
        rows = run_ours(base_url, int(number), int(at_once), log)
    else:
        rows = run_plain(base_url, int(number), int(at_once))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    run = time.perf_counter() - start
    print(json.dumps({"rows": rows, "run": run, "cpu": cpu, "mib": used.ru_maxrss / 1024}))


@contextmanager
def serve(**behaviour: Any) -> Iterator[str]:
    """Gives the base URL of a server in a process of its own."""
    command = [sys.executable, str(HERE.parents[1] / "model_server.py"), json.dumps(behaviour)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


def read_stats(base_url: str) -> dict[str, int]:
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats") as reply:
        return json.load(reply)


def start_child(side: str, base_url: str, number: int, at_once: int, log: Path) -> Any:
    command = [sys.executable, str(HERE), "--child", side, base_url]
    command += [str(number), str(at_once), str(log)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measure(side: str, behaviour: dict[str, Any], number: int, at_once: int) -> dict[str, Any]:
    """Returns what one side took, and what the server saw."""
    with tempfile.TemporaryDirectory() as folder, serve(**behaviour) as base_url:
        start = time.perf_counter()
        child = start_child(side, base_url, number, at_once, Path(folder) / "log.sqlite")
        found = json.loads(child.communicate()[0])
        wall = time.perf_counter() - start
        return {"side": side, "wall": wall, **found, **read_stats(base_url)}


def show(found: dict[str, Any], number: int) -> None:
    per_thousand = found["cpu"] / number * 1000
    counts = {name: found.get(name, 0) for name in ("requests", "refused", "paid", "twice")}
    print(
        f"  {found['side']:<6} rows {found['rows']}  wall {found['wall']:6.2f} s"
        f"  run {found['run']:6.2f} s  CPU {per_thousand:.2f} s per 1,000"
        f"  {found['mib']:.0f} MiB  {counts}",
        flush=True,
    )


def compare_clean() -> None:
    print("256 at once, 2,000 requests, ideal 1.56 s: at most 0.35 of the plain CPU, 2.34 s")
    for _ in range(3):
        sides = [measure(side, {"latency": 0.2}, 2000, 256) for side in ("plain", "ours")]
        for found in sides:
            show(found, 2000)
        print(f"  CPU ratio {sides[1]['cpu'] / sides[0]['cpu']:.2f}")


def compare_faults() -> None:
    print("5 % 429, 2 % 500, 2 % bad JSON, 1 % reset, 64 at once: all rows, under 15 s")
    for side in ("plain", "ours"):
        show(measure(side, {"latency": 0.2, "seed": 3, **FAULTS}, 2000, 64), 2000)


def compare_limit() -> None:
    print("9,000 a minute, 64 at once, ideal 13.3 s: all rows, under 15 s, under 1 % refused")
    for side in ("plain", "ours"):
        show(measure(side, {"latency": 0.2, "per_minute": 9000}, 2000, 64), 2000)


def kill_and_go_on() -> None:
    print("kill -9 when half is answered, then again: 2,000 rows, no finished answer paid twice")
    with tempfile.TemporaryDirectory() as folder, serve(latency=0.2) as base_url:
        log = Path(folder) / "log.sqlite"
        child = start_child("ours", base_url, 2000, 64, log)
        while read_stats(base_url).get("paid", 0) < 1000:
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        child.wait()
        time.sleep(0.5)
        kept = count_answers(log)
        before = read_stats(base_url)["paid"]
        found = json.loads(start_child("ours", base_url, 2000, 64, log).communicate()[0])
        after = read_stats(base_url)
        again = after["paid"] - before - (2000 - kept)
        print(f"  rows {found['rows']}, {before} paid before, {kept} of them kept", end=", ")
        print(f"{after['twice']} paid twice (in flight at the kill), {again} of those kept")


def count_answers(log: Path) -> int:
    import sqlite3

    with closing(sqlite3.connect(log)) as db:
        return db.execute("SELECT count(*) FROM exchanges WHERE failure = 0").fetchone()[0]


def grow() -> None:
    print("many requests, 256 at once, 20 ms: memory below 300 MiB and flat, time linear")
    for number in (10_000, 30_000, 100_000):
        found = measure("ours", {"latency": 0.02}, number, 256)
        show(found, number)
        print(f"  {found['run'] / number * 1000:.2f} s per 1,000")


CASES = {
    "clean": compare_clean,
    "faults": compare_faults,
    "limit": compare_limit,
    "kill": kill_and_go_on,
    "many": grow,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        run_child(*sys.argv[2:])
    else:
        for case in sys.argv[1:] or CASES:
            CASES[case]()
