"""What a user would write instead: the pairs of `contrastive`, with json and pandas, unchecked.

    python tests/benchmarks/plain_pairs.py GAME_DATA OUT

Writes `OUT/<split>.parquet` with the same pairs as the build (id, prompt, positive, negative,
margin, weight, split), and nothing else: no other config, label, report or card. It stands beside
`build_cost.py` as a yardstick, so it imports nothing of ours.
"""

import json
import re
import sys
from collections import defaultdict
from hashlib import sha256
from pathlib import Path

import pandas as pd

VIOLATIONS = (
    "killing physical_harm non_physical_harm intending_harm deception manipulation stealing"
    " trespassing spying vandalism promises fairness other"
).split()
POWERS = ["power.physical", "power.money", "power.social", "power.utility"]
BEHAVIORS = ["ethical", *VIOLATIONS, *POWERS, "disutility"]
GAMES = Path(__file__).parents[2] / "generators/sources/games/games.json"
KNOWN = json.loads(GAMES.read_text(encoding="utf-8"))


def sha(text):
    return sha256(text.encode()).hexdigest()


def find_split(game):
    """Returns the split of a game's series."""
    group = next((name for name, games in KNOWN["series"].items() if game in games), game)
    place = int(sha(group), 16) % 100
    if group not in KNOWN["series"]:
        return "train" if place < 80 else "validation" if place < 90 else "test"
    if set(KNOWN["series"][group]) & set(KNOWN["test"]):
        return "test"
    return "train" if place < 90 else "validation"


def tidy(text):
    text = re.sub(r"\[/?[ib]\]", "", text)
    text = re.sub(r"(?m)^[ \t]*(?:\*{5}[^*\n]*\*{5}|\*page_break\b[^\n]*)[ \t]*\r?$\n?", "", text)
    text = "\n".join(line.strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" {2,}", " ", text)).strip()


def cut(text, longest=2000):
    """Returns the last sentences that are short enough."""
    first = len(text) - longest
    if first <= 0:
        return text
    for boundary in (r"[.!?…][\"'”’»)\]]*[ \n]+", r"\s+"):
        for end in re.compile(boundary).finditer(text, max(0, first - 16)):
            if end.end() >= first:
                return text[end.end() :]
    return ""


def find_scores(record):
    """Returns how much an option exhibits each behavior, and whether it is a wrong."""
    record = record or {}
    morality = record.get("morality") or {}
    utility = record.get("utility") or {}
    own, others = utility.get("self") or {}, utility.get("others") or {}
    heads = [own.get("-3"), own.get("3"), others.get("3"), others.get("-3")]
    known = [count for count in heads if count is not None]
    most = max(known) if known and (len(known) == 4 or max(known) > 0.5) else None
    watts, dollars = (
        (record.get("physical") or {}).get("watts"),
        (record.get("money") or {}).get("dollars"),
    )
    influence = ((record.get("social") or {}).get("influence") or {}).get("2")
    scores = {name: morality.get(name) for name in VIOLATIONS}
    limits = [(watts, 2000), (dollars, 100000), (influence, 0), (most, 0.5), (heads[3], 0.5)]
    for name, (value, limit) in zip([*POWERS, "disutility"], limits, strict=True):
        scores[name] = None if value is None else float(value > limit)
    values = [scores[name] for name in VIOLATIONS]
    wrong = any(value is not None and value > 0.5 for value in values)
    missing = None in values or heads[3] is None
    right = not wrong and not missing and not any(values) and not scores["disutility"]
    worst = max([value for value in values if value] + [0.5 if scores["disutility"] else 0.0])
    scores["ethical"] = 1 - worst if wrong or not missing else None
    poles = {
        name: None if score is None or 0 < score <= 0.5 else score > 0.5
        for name, score in scores.items()
    }
    poles["ethical"] = True if right else False if wrong else None
    return scores, poles


def list_pairs(data, game):
    """Yields the pairs of one game."""
    nodes = json.loads((data / f"trees/{game}_game_tree.json").read_bytes())
    texts = json.loads((data / f"scenarios/{game}_scenarios_bfs_filled.json").read_bytes())
    labels = data / f"annotations_clean/{game}.json"
    records = json.loads(labels.read_bytes())["scenes"] if labels.exists() else {}
    ids = {name: f"{node['scene']}_{node['start']}" for name, node in nodes.items()}
    later = texts.keys() - ids.values()

    def list_scenes(name):
        node = nodes[name]
        pages = [f"{node['scene']}_{line}" for line in node["lines"]] if later else []
        return [ids[name], *(page for page in pages if page in later)]

    def find_context(menu):
        after, waiting = set(nodes[menu]["children"]), list(nodes[menu]["children"])
        while waiting:
            node = nodes[waiting.pop()]
            for child in node["children"] if node["type"] != "CHOICE" else ():
                if child not in after and nodes[child]["type"] != "CHOICE":
                    after.add(child)
                    waiting.append(child)
        path = [menu]
        while parents := [
            p for p in nodes[path[-1]]["parents"] if p not in after and p not in path
        ]:
            parent = min(parents, key=lambda parent: sha(f"{game}/{menu}/{parent}"))
            if nodes[parent]["type"] == "CHOICE":
                break
            path.append(parent)
        scenes = [scene for name in path[::-1] for scene in list_scenes(name)]
        scenes = [*dict.fromkeys(scenes[::-1])][::-1]
        return cut("\n\n".join(filter(None, (tidy(texts.get(scene, "")) for scene in scenes))))

    for menu, node in nodes.items():
        if node["type"] != "CHOICE" or len(node["children"]) < 2:
            continue
        whole = [texts.get(ids[child], "") for child in node["children"]]
        options = [tidy(text.split("\n")[0]) for text in whole]
        if len(set(filter(None, options))) < len([*filter(None, options)]):
            continue
        unfilled = [
            re.search(
                r"\$!{0,2}\{|@\{|NOT FOUND",
                "\n\n".join([text, *(texts[page] for page in list_scenes(child)[1:])]),
            )
            for text, child in zip(whole, node["children"], strict=True)
        ]
        found = {
            place: find_scores(records.get(ids[child]))
            for place, child in enumerate(node["children"])
            if options[place] and not unfilled[place]
        }
        context = None
        for behavior in BEHAVIORS:
            ones = [place for place, (_, poles) in found.items() if poles[behavior] is True]
            others = [place for place, (_, poles) in found.items() if poles[behavior] is False]
            for one in ones:
                for other in others:
                    if context is None:
                        context = find_context(menu)
                    margin = (found[one][0][behavior] or 0) - (found[other][0][behavior] or 0)
                    name = f"{game}/{menu}/{behavior}/{one}-{other}"
                    weight = 1 / (len(ones) * len(others))
                    yield name, context, options[one], options[other], margin, weight


def main():
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True)
    ending = "_game_tree.json"
    games = defaultdict(list)
    for game in sorted(path.name.removesuffix(ending) for path in data.glob(f"trees/*{ending}")):
        games[find_split(game)].append(game)
    stricter = set()
    for split in ("test", "validation", "train"):
        rows = [row for game in games[split] for row in list_pairs(data, game)]
        keys = [(row[1], *sorted(row[2:4])) for row in rows]
        kept = [(*row, split) for row, key in zip(rows, keys, strict=True) if key not in stricter]
        stricter.update(keys)
        columns = ["id", "prompt", "positive", "negative", "margin", "weight", "split"]
        pd.DataFrame(kept, columns=columns).to_parquet(out / f"{split}.parquet")


if __name__ == "__main__":
    main()
