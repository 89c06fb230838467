"""What a server sends is bounded in bytes and time: that item is rejected, the others go on."""

import asyncio
import re
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from asking import Asking, make_request
from damage import ERROR
from generators.engine import api, wire
from generators.engine.dialogue import Accepted, Rejected
from generators.errors import RequestError
from odd_server import Odd, Sender, pack_bomb, serve_odd

pytestmark = pytest.mark.usefixtures("key", "quick")
ROOT = Path(__file__).parents[2]
TARGET = "Question 1."


def send_to_one(write: Any) -> Odd:
    """Returns what a server does that sends something odd to one question only."""

    async def odd(request: dict[str, Any], sender: Sender) -> bool:
        if TARGET not in str(request):
            return False
        await write(sender)
        return True

    return odd


async def trickle(sender: Sender) -> None:
    await sender.begin()
    while True:
        await sender.send(b"[")
        await asyncio.sleep(0.02)


async def say_nothing(sender: Sender) -> None:
    await asyncio.sleep(3600)


async def keep_open(sender: Sender) -> None:
    await sender.begin()
    while True:
        await sender.send(b"\n")
        await asyncio.sleep(0.02)


async def stream_events(sender: Sender) -> None:
    await sender.begin(content_type="text/event-stream; charset=utf-8")
    while True:
        await sender.send(b'data: {"choices": []}\n\n')
        await asyncio.sleep(0.02)


async def send_for_ever(sender: Sender) -> None:
    await sender.begin(transfer_encoding="chunked")
    while True:
        await sender.send(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")


def bomb(coding: str, body: bytes) -> Any:
    async def write(sender: Sender) -> None:
        await sender.reply(body, content_encoding=coding)

    return write


MEMBERS = zlib.compress(bytes(1 << 20), wbits=31)
BOMBS = {
    "gzip": ("gzip", lambda: pack_bomb(750)),
    "deflate": ("deflate", lambda: pack_bomb(750, 15)),
    "raw deflate": ("deflate", lambda: pack_bomb(750, -15)),
    "many members": ("gzip", lambda: MEMBERS * 900),
    "more members": ("gzip", lambda: zlib.compress(b"{", wbits=31) * 300_000),
    "brotli": ("br", lambda: b"\x1b" + b"\xff" * 1000),
    "zstd": ("zstd", lambda: b"\x28\xb5\x2f\xfd" + b"\xff" * 1000),
    "twice": ("gzip, gzip", lambda: zlib.compress(pack_bomb(100), wbits=31)),
    "broken": ("gzip", lambda: pack_bomb(1)[:100]),
}


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (trickle, "still came after"),
        (say_nothing, "no whole answer within"),
        (keep_open, "no whole answer within"),
        (stream_events, "a stream of events"),
        (send_for_ever, "more than"),
    ],
)
def test_a_reply_that_does_not_end_rejects_that_item_only(
    write: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LIVE", wire.LIVE._replace(seconds=0.6, body_seconds=0.3))
    start = time.monotonic()
    with serve_odd(send_to_one(write)) as (server, url):
        steps = Asking(tmp_path, url).run(6)
    assert time.monotonic() - start < 20
    bad = steps.pop(1)
    assert isinstance(bad, Rejected)
    assert (bad.reason, said in bad.detail) == ("no_answer", True), bad.detail
    assert all(isinstance(step, Accepted) for step in steps)
    assert sum(TARGET in str(request) for request in server.requests) == 2  # each may be paid


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says how much memory was used")
def test_packed_bodies_are_unpacked_within_bounds(tmp_path: Path) -> None:
    """Each second answer is one of them."""
    bodies = [(coding, make()) for coding, make in BOMBS.values()]

    async def odd(request: dict[str, Any], sender: Sender) -> bool:
        place = int(re.findall(r"Question (\d+)\.", str(request))[0])
        if place % 2 == 0:
            return False
        coding, body = bodies[place // 2]
        return await sender.reply(body, content_encoding=coding)

    with serve_odd(odd) as (_, url):
        requests = tmp_path / "requests.jsonl"
        write_requests(requests, 2 * len(bodies))
        status, error, mib = run_measured(tmp_path, requests, url, "--concurrency", "1")
    assert status == 0, error
    assert mib < 350
    lines = (tmp_path / "answers").read_text(encoding="utf-8").splitlines()
    assert [('"error":null' in line) for line in lines] == [True, False] * len(bodies)


def write_requests(path: Path, number: int) -> None:
    from generators.jsonl import write_json

    line = {"method": "POST", "url": "/v1/chat/completions"}
    lines = [{**line, "custom_id": str(n), "body": make_request(n).body} for n in range(number)]
    path.write_bytes(b"".join(write_json(each) + b"\n" for each in lines))


MEASURED = """
import re, sys
from generators.complete import main
status = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
sys.exit(status)
"""
"""What wait4 says of memory counts that of the process which started it, too."""


def run_measured(folder: Path, requests: Path, url: str, *more: str) -> tuple[int, str, float]:
    """Returns the status of `complete`, what it complained of, and the MiB that it took at most."""
    options = [str(requests), "--out", str(folder / "answers"), "--base-url", url, *more]
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *options], cwd=ROOT, capture_output=True, text=True
    )
    return run.returncode, run.stderr, int(run.stdout.split()[-1]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says how much memory was used")
def test_large_bodies_at_one_time_do_not_add_up(tmp_path: Path) -> None:
    body = pack_bomb(16)

    async def odd(request: dict[str, Any], sender: Sender) -> bool:
        return await sender.reply(body, content_encoding="gzip")

    with serve_odd(odd) as (_, url):
        requests = tmp_path / "requests.jsonl"
        write_requests(requests, 20)
        status, error, mib = run_measured(tmp_path, requests, url)
    assert status == 1
    assert ERROR.match(error.strip())
    assert mib < 450


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("secret", ["user:hunter2@", ""])
def test_no_redirect_is_followed(status: int, secret: str, tmp_path: Path) -> None:
    async def elsewhere(request: dict[str, Any], sender: Sender) -> bool:
        return False

    async def redirect(request: dict[str, Any], sender: Sender) -> bool:
        place = away.replace("//", f"//{secret}") + "/path?token=abc"
        return await sender.reply(b"", status, location=place)

    with serve_odd(elsewhere) as (other, away), serve_odd(redirect) as (_, url):
        with pytest.raises(RequestError, match=r"it redirects to 127\.0\.0\.1") as error:
            Asking(tmp_path, url).run(8)
    assert not other.requests
    said = str(error.value)
    assert ERROR.match(said)
    assert not any(word in said for word in ("hunter2", "token", "path"))


@pytest.mark.parametrize("place", ["/login", "//[", "http://", "", "http://\x7f/", "?next=/"])
def test_an_odd_redirect_of_one_item_refuses_that_item_only(place: str, tmp_path: Path) -> None:
    async def write(sender: Sender) -> None:
        await sender.reply(b"", 307, location=place)

    with serve_odd(send_to_one(write)) as (_, url):
        steps = Asking(tmp_path, url, concurrency=1).run(4)
    bad = steps.pop(1)
    assert isinstance(bad, Rejected)
    assert bad.reason == "request_refused"
    assert "it redirects to" in bad.detail
    assert all(isinstance(step, Accepted) for step in steps)


PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in\n to Proxy</title></head><body>Hi</body></html>"
)


@pytest.mark.parametrize("place", [0, 2])
def test_a_web_page_for_one_item_does_not_end_the_run(place: int, tmp_path: Path) -> None:
    async def odd(request: dict[str, Any], sender: Sender) -> bool:
        if f"Question {place}." not in str(request):
            return False
        return await sender.reply(PAGE, content_type="text/html")

    with serve_odd(odd) as (_, url), pytest.MonkeyPatch.context() as patch:
        patch.setattr("generators.engine.limits.PATIENCE_AT_START", 0.0)
        patch.setattr("generators.engine.limits.PATIENCE", 0.0)
        steps = Asking(tmp_path, url, concurrency=1).run(4)
    bad = steps.pop(place)
    assert isinstance(bad, Rejected)
    assert bad.detail == 'status 200: a web page in place of an answer ("Sign in to Proxy")'
    assert all(isinstance(step, Accepted) for step in steps)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("number", [2, 40])
def test_a_web_page_for_every_item_ends_the_run_and_says_what_to_check(
    number: int, tmp_path: Path
) -> None:
    async def odd(request: dict[str, Any], sender: Sender) -> bool:
        return await sender.reply(PAGE, content_type="text/html")

    with serve_odd(odd) as (server, url):
        with pytest.raises(RequestError, match="a web page in place of an answer") as error:
            Asking(tmp_path, url, concurrency=4).run(number)
        assert len(server.requests) <= 60
    assert ERROR.match(str(error.value))
    assert "heck --base-url" in str(error.value)
