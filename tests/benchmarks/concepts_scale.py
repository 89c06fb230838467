"""Measure `python -m generators.concepts` on 100 concepts x 300 templates with three tokenizers.

    python tests/benchmarks/concepts_scale.py [--contrasts N] [--tokenizer NAME=FILE ...]

Every concept is contrasted with every other, so that each template has 4,950 pairs: 1.5 million,
and each in up to two variants. Without `--tokenizer` two small ones are trained beside GPT-2's.
The same texts are encoded pair by pair in the same run, as a plain script would, on a sample of
pairs; the ratio of the two holds on any machine. Exits 1 where a bound does not hold. Needs psutil.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

import yaml
from tokenizers import Tokenizer
from watch import watched

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from tokenizer_files import write_tokenizers  # noqa: E402

MOST_SECONDS, MOST_MIB = 60.0, 2048.0
CONCEPTS, TEMPLATES, SAMPLED = 100, 300, 20_000
GPT_2 = REPOSITORY / "generators" / "tokens" / "gpt2" / "tokenizer.json"
BUNDLED = REPOSITORY / "generators" / "sample" / "concepts.yaml"


def make_file(path: Path, contrasts: int) -> list[str]:
    """Writes a concept file of the size asked for; returns its templates."""
    chance = random.Random(0)
    syllables = [
        "ba",
        "co",
        "di",
        "fu",
        "gra",
        "hol",
        "ki",
        "lum",
        "nor",
        "pe",
        "sta",
        "tri",
        "ver",
    ]
    words = {"".join(chance.choices(syllables, k=chance.randint(1, 3))) for _ in range(400)}
    concepts = sorted(words)[:CONCEPTS]
    bundled = yaml.safe_load(BUNDLED.read_text(encoding="utf-8"))["templates"].values()
    texts = [each["text"] for each in bundled if "{mass}" in each["text"]]
    templates = [f"On page {n}, {texts[n % len(texts)]}" for n in range(TEMPLATES)]
    content = {
        "themes": {"all": "All"},
        "concepts": {name: {"theme": "all", "slot": "all", "mass": name} for name in concepts},
        "contrasts": [list(pair) for pair in combinations(concepts, 2)][:contrasts],
        "templates": {
            f"t{n}": {"theme": "all", "fits": ["all"], "text": text}
            for n, text in enumerate(templates)
        },
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return templates


def time_plain(path: Path, files: dict[str, Path]) -> float:
    """Returns the seconds that a pair takes where each is encoded by itself, both readings."""
    content = json.loads(path.read_text(encoding="utf-8"))
    tokenizers = [Tokenizer.from_file(str(file)) for file in files.values()]
    texts = [each["text"] for each in content["templates"].values()]
    chance = random.Random(0)
    pairs = [(chance.choice(content["contrasts"]), chance.choice(texts)) for _ in range(SAMPLED)]
    start = time.perf_counter()
    for pair, text in pairs:
        sides = [text.replace("{mass}", word) for word in pair]
        for tokenizer in tokenizers:
            for lead in ("", " "):
                one, other = (
                    tokenizer.encode(lead + side, add_special_tokens=False) for side in sides
                )
                if len(one.ids) == len(other.ids):
                    sum(a != b for a, b in zip(one.ids, other.ids, strict=True))
    return (time.perf_counter() - start) / SAMPLED


def main() -> int:
    """Prints what was measured; returns 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contrasts", type=int, default=CONCEPTS * (CONCEPTS - 1) // 2)
    parser.add_argument("--tokenizer", action="append", default=[])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        templates = make_file(folder / "concepts.yaml", arguments.contrasts)
        named = dict(each.split("=", 1) for each in arguments.tokenizer)
        files = {name: Path(file) for name, file in named.items()}
        if not files:
            trained = write_tokenizers(folder, templates)
            files = {"gpt2": GPT_2, "pythia": trained["pythia"], "llama2": trained["llama2"]}
        command = [
            sys.executable, "-m", "generators.concepts",
            "--concepts", str(folder / "concepts.yaml"), "--kinds", "minimal_pairs",
            "--out", str(folder / "built"), "--no-report",
            *(f"--tokenizer={name}={file}" for name, file in files.items()),
        ]  # fmt: skip
        build = watched(command, REPOSITORY)
        manifest = json.loads((folder / "built" / "manifest.json").read_text(encoding="utf-8"))
        plain = time_plain(folder / "concepts.yaml", files)
    rows = sum(size["rows"] for size in manifest["rows"]["minimal_pairs"].values())
    candidates = rows + sum(manifest["left_out"].get("minimal_pairs", {}).values())
    mib = build.peak_rss / 2**20
    print(f"template x contrast pairs      {arguments.contrasts * TEMPLATES:>12,}")
    print(f"candidate rows (two variants)  {candidates:>12,}")
    print(f"rows written                   {rows:>12,}")
    print(f"seconds (CPU)                  {build.seconds:>8.1f} ({build.cpu_seconds:.1f})")
    print(f"peak MiB                       {mib:>8.0f}")
    print(f"plain: a pair by itself, µs    {plain * 1e6:>8.1f}")
    print(f"plain for all candidates, s    {plain * candidates:>8.1f}")
    print(f"ratio                          {build.seconds / (plain * candidates):>8.3f}")
    return int(build.seconds > MOST_SECONDS or mib > MOST_MIB)


if __name__ == "__main__":
    sys.exit(main())
