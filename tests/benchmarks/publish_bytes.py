"""Measure what a one-percent change sends to the Hub again.

    python tests/benchmarks/publish_bytes.py [--games 134] [--scenes 570000]

Builds a dataset of a synthetic corpus, changes one percent of its scenes, all in one game,
builds again, and publishes both, over the clients' Xet lane, on a Hub of our own that counts bytes:
once with the text, once as references. Exits 1 where more than a tenth goes over the wire again;
a small dataset (`--games 20 --scenes 30000`) is in too few pieces for that.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from corpus import make_corpus

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hub_server import HubServer, make_environment  # noqa: E402

MOST = 0.10
SHARE = 0.01
LANES = {
    "full": ("--text", "full", "--i-have-the-rights"),
    "references": (),
}


def run(*command: str, **environment: str) -> None:
    """Runs a command of ours."""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *command],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def change(data: Path) -> int:
    """Returns how many scenes were changed: in one game, as many as make one percent of all."""
    paths = sorted((data / "scenarios").glob("*_filled.json"))
    scenes = {path: json.loads(path.read_text(encoding="utf-8")) for path in paths}
    wanted = round(SHARE * sum(map(len, scenes.values())))
    path = min(paths, key=lambda path: abs(len(scenes[path]) - 2 * wanted))
    names = list(scenes[path])[:wanted]
    for name in names:
        scenes[path][name] = scenes[path][name].replace(".", ", or so they say.", 1)
    path.write_text(json.dumps(scenes[path]), encoding="utf-8")
    return len(names)


def main() -> int:
    """Returns 1 where too much was sent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--games", type=int, default=134)
    parser.add_argument("--scenes", type=int, default=570_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data, folders = Path(scratch) / "data", [Path(scratch) / name for name in "ab"]
        make_corpus(data, arguments.games, arguments.scenes, 0)
        build = ("generators.machiavelli", "--no-report", "--data", str(data), "--out")
        run(*build, str(folders[0]))
        changed = change(data)
        run(*build, str(folders[1]))
        shares = {name: send(folders, options, Path(scratch)) for name, options in LANES.items()}
    print(f"{changed:,} of about {arguments.scenes:,} scenes changed")
    for name, (first, second) in shares.items():
        print(f"{name:<12}{first:>14,} bytes, then {second:>12,} ({second / first:.1%})")
    return 1 if any(second > MOST * first for first, second in shares.values()) else 0


def send(folders: list[Path], options: tuple[str, ...], scratch: Path) -> tuple[int, int]:
    """Returns the bytes that the first and the second publication sent."""
    sent: list[int] = []
    with HubServer() as server:
        home = Path(tempfile.mkdtemp(dir=scratch))
        environment = make_environment(server.url, home, xet=True)
        environment["HF_TOKEN"] = server.tokens.write
        for folder in folders:
            run("generators.publish", str(folder), "--repo-id", "u/n", *options, **environment)
            sent.append(sum(server.uploaded_bytes.values()))
            server.uploaded_bytes.clear()
    return sent[0], sent[1]


if __name__ == "__main__":
    sys.exit(main())
