"""A headless Chromium, driven over pipes with the DevTools protocol; the standard library only."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage",
    "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 20.0
CODES = {"Enter": (13, "\r"), "Escape": (27, ""), "ArrowDown": (40, ""), "ArrowUp": (38, "")}
"""Key that is no character -> its code, and the text it types."""

PLACE = """
import fcntl, os, sys
high = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
os.dup2(high[0], 3), os.dup2(high[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Puts two pipes where the browser looks for them, by way of numbers that are not 3 or 4; then
becomes the browser. Not every shell can: some take one digit only."""


class Browser:
    """One tab; what it complains of and asks for is kept."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = reads, writes
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.blocked = 0
        """Requests that the page's own policy stopped."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends one command and returns its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        waiting = json.dumps(message).encode() + b"\0"
        while waiting:
            waiting = waiting[os.write(self._writes, waiting) :]
        until = time.monotonic() + PATIENCE
        while (answer := self._receive(until)).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def open(self, path: Path, fragment: str = "") -> None:
        """Opens a file afresh, and waits until its script has run."""
        self.problems, self.requests, self.blocked = [], [], 0
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=path.as_uri() + fragment)
        self.wait("location.protocol === 'file:' && document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Returns the value of an expression."""
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, f"{script}: {result['exceptionDetails']}"
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Waits until an expression holds."""
        until = time.monotonic() + PATIENCE
        while not self.run(condition):
            assert time.monotonic() < until, f"never came true: {condition}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Presses keys, one after another."""
        for key in keys:
            code, text = CODES.get(key, (ord(key.upper()[0]), key))
            pressed = {"key": key, "windowsVirtualKeyCode": code}
            typed = {"text": text} if text else {}
            kind = "keyDown" if text else "rawKeyDown"
            self.ask("Input.dispatchKeyEvent", type=kind, **pressed, **typed)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def look(self, path: Path, width: int, height: int = 900) -> None:
        """Saves what is seen at a width as a PNG."""
        self.resize(width, height)
        shot = self.ask("Page.captureScreenshot", format="png")
        path.write_bytes(b64decode(shot["data"]))

    def resize(self, width: int, height: int = 900) -> None:
        """Makes the window this large."""
        size = {"width": width, "height": height}
        self.ask("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str) -> None:
        """Has the system prefer `light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", features=[feature])

    def _receive(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = max(until - time.monotonic(), 0)
            assert select.select([self._reads], [], [], left)[0], "the browser does not answer"
            came = os.read(self._reads, 1 << 20)
            assert came, "the browser is gone"
            self._buffer += came
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif params.get("blockedReason") == "csp":
            self.blocked += 1
        elif event.get("method") == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        elif event.get("method") == "Runtime.consoleAPICalled":
            self.problems.append(str(params["args"]))
        elif event.get("method") == "Log.entryAdded":
            self.problems.append(params["entry"]["text"])


@contextmanager
def start_browser() -> Iterator[Browser]:
    """Starts a browser, and ends it with all its processes; skips where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser on the path: {', '.join(NAMES)}")
    home = tempfile.mkdtemp(prefix="contrapose-browser-")
    asks_out, asks_in = os.pipe()
    answers_out, answers_in = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-ISc", PLACE, str(asks_out), str(answers_in), program, *FLAGS,
         f"--user-data-dir={home}"],
        pass_fds=(asks_out, answers_in), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(asks_out)
    os.close(answers_in)
    try:
        yield Browser(answers_out, asks_in)
    finally:
        os.close(asks_in)
        os.close(answers_out)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
        shutil.rmtree(home, ignore_errors=True)
