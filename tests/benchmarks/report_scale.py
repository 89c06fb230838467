"""Measure `python -m generators.report` on 100,000 pairs with prompts of about a kilobyte.

    python tests/benchmarks/report_scale.py [--pairs N] [--keep FOLDER]

The pairs are the corpus's own prose, seeded; one in ten has a word too many on its positive side,
so that the selection has something to do. Then the page is opened in a headless Chromium, where
there is one, thrice, and the best time until its load event counts. The same texts are split into
words in this run, as a yardstick: CPU seconds by those of it hold on any machine. Exits 1
where a bound does not hold. Needs psutil.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from corpus_prose import option_line, passage
from watch import watched

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from browser import start_browser  # noqa: E402
from generators.quality.measures.texts import split_tokens  # noqa: E402

MOST_SECONDS, MOST_MIB, MOST_LOAD = 180.0, 2048.0, 2.0
PAIRS, GROUPS, WORDS, SAMPLED = 100_000, 200, 170, 5_000
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def make_pairs(path: Path, pairs: int) -> None:
    """Writes so many pairs of two options of one situation."""
    rng = Random(0)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for place in range(pairs):
            positive = option_line(rng) + (" Gladly." if rng.random() < 0.1 else "")
            pair = {
                "id": f"p{place}",
                "group": f"g{rng.randrange(GROUPS)}",
                "prompt": passage(rng, WORDS),
                "positive": positive,
                "negative": option_line(rng),
            }
            file.write(json.dumps(pair, ensure_ascii=False) + "\n")


def time_words(path: Path, pairs: int) -> float:
    """Returns the seconds that it takes to split all texts into words, from a sample."""
    with path.open(encoding="utf-8") as file:
        texts = [json.loads(line)["prompt"] for line, _ in zip(file, range(SAMPLED), strict=False)]
    start = time.process_time()
    for text in texts:
        split_tokens(text)
    return (time.process_time() - start) / len(texts) * pairs


def time_page(page: Path) -> float:
    """Returns the seconds until the page's load event, the best of three."""
    with start_browser() as browser:
        times: list[float] = []
        for _ in range(3):
            browser.open(page)
            browser.wait(f"{LOADED} > 0")
            times.append(browser.run(LOADED) / 1000)
        assert not browser.problems, browser.problems
    return min(times)


def main() -> int:
    """Prints what was measured; returns 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--keep", type=Path, help="leave pairs and report in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path, out = folder / "pairs.jsonl", folder / "pairs.report"
        make_pairs(path, arguments.pairs)
        command = [sys.executable, "-m", "generators.report", str(path), "--out", str(out)]
        run = watched(command, REPOSITORY)
        words = time_words(path, arguments.pairs)
        load = time_page(out / "report.html")
        sizes = [each.stat().st_size / 2**20 for each in (path, out / "report.html")]
    mib = run.peak_rss / 2**20
    print(f"pairs                          {arguments.pairs:>10,}")
    print(f"MiB of pairs, of the page      {sizes[0]:>10.1f} {sizes[1]:>8.1f}")
    print(f"seconds (bound {MOST_SECONDS:.0f})            {run.seconds:>10.1f}")
    print(f"CPU seconds                    {run.cpu_seconds:>10.1f}")
    print(f"peak MiB (bound {MOST_MIB:.0f})          {mib:>10.0f}")
    print(f"page loads, s (bound {MOST_LOAD:.0f})        {load:>10.2f}")
    print(f"all prompts split in words, s  {words:>10.1f}")
    print(f"ratio of CPU to that           {run.cpu_seconds / words:>10.1f}")
    return int(run.seconds > MOST_SECONDS or mib > MOST_MIB or load > MOST_LOAD)


if __name__ == "__main__":
    sys.exit(main())
