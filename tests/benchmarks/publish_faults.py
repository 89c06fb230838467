"""Publish a second release over a first one, N times, with faults drawn by lot.

    python tests/benchmarks/publish_faults.py [--runs 200] [--first-seed 0]

Prints which faults struck how often, how many runs were refused and run again, and everything that
did not hold; exits 1 where something did not. Takes about half a second a run.
"""

import argparse
import os
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="contrapose-faults-")
os.environ["HF_HUB_DISABLE_XET"] = "1"

from generators.machiavelli.__main__ import main as build  # noqa: E402
from hub_server import HubServer  # noqa: E402
from release_faults import try_release  # noqa: E402

KINDS = ("contrastive,multiple_choice,icl", "contrastive,multiple_choice")


def main() -> int:
    """Returns 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["HF_TOKEN"] = HubServer().tokens.write
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / str(seed) for seed in (0, 1)]
        for seed, (folder, kinds) in enumerate(zip(folders, KINDS, strict=True)):
            options = ["--limit", "40", "--kinds", kinds, "--seed", str(seed)]
            build(["--no-report", "--out", str(folder), *options])
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.runs)
        outcomes = {seed: try_release(folders, seed) for seed in seeds}
    struck = Counter(fault for outcome in outcomes.values() for fault in outcome.faults)
    for fault, times in sorted(struck.items()):
        print(f"{fault:<28}{times:>5}")
    refused = sum(bool(outcome.refusals) for outcome in outcomes.values())
    broken = {seed: outcome.broken for seed, outcome in outcomes.items() if outcome.broken}
    faulty = sum(bool(outcome.faults) for outcome in outcomes.values())
    print(f"{len(outcomes)} publications, {faulty} with faults, {refused} refused and run again")
    for seed, found in broken.items():
        print(f"seed {seed}: {'; '.join(found)}")
    print("FAIL" if broken else "all held")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
