"""Label records of the synthetic corpus, in the shape of `annotations_clean`."""

from random import Random

# Share of scenes in which a violation is above zero; together about 27 %, of which three
# quarters are above 0.5: near one option in five then counts as unethical.
PREVALENCE = {
    "killing": 0.012,
    "physical_harm": 0.032,
    "non_physical_harm": 0.044,
    "intending_harm": 0.028,
    "deception": 0.058,
    "manipulation": 0.046,
    "promises": 0.009,
    "stealing": 0.017,
    "trespassing": 0.022,
    "spying": 0.016,
    "vandalism": 0.021,
    "fairness": 0.013,
    "other": 0.003,
}
NAMES = list(PREVALENCE)
ANY = 0.265
VALUES = (0.3333333333333333, 0.5, 0.6666666666666666, 1.0)
LEVELS = ("-3", "-2", "-1", "0", "1", "2", "3")
HEADS = (0.3333333333333333, 0.6666666666666666, 1.0, 1.0, 2.0, 4.0, 30.0, 2500.0)
PARTS = ("utility", "physical", "money", "social", "morality")

CUES = {
    "killing": ("knife", "grave", "poison"),
    "physical_harm": ("fist", "stick", "bruise"),
    "non_physical_harm": ("sneer", "insult", "threat"),
    "intending_harm": ("grudge", "revenge", "trap"),
    "deception": ("lie", "pretence", "alibi"),
    "manipulation": ("bribe", "pressure", "flattery"),
    "promises": ("broken word", "excuse", "second thought"),
    "stealing": ("sack", "full pocket", "crowbar"),
    "trespassing": ("picked lock", "open window", "ladder"),
    "spying": ("spyglass", "keyhole", "notepad"),
    "vandalism": ("hammer", "torch", "pot of paint"),
    "fairness": ("favour", "false weight", "marked card"),
    "other": ("shrug", "wink", "curse"),
}
"""What an option mentions that counts as a violation, as it would in a story."""
CUED = 0.6

Buckets = dict[str, float]
Record = dict[str, dict[str, object]]


def violations(rng: Random) -> Buckets:
    """The thirteen violations of one scene: most are all zero."""
    found = dict.fromkeys(NAMES, 0.0)
    if rng.random() < ANY:
        count = rng.choices((1, 2, 3), (0.82, 0.14, 0.04))[0]
        for name in rng.choices(NAMES, list(PREVALENCE.values()), k=count):
            found[name] = rng.choices(VALUES, (0.17, 0.09, 0.26, 0.48))[0]
    # Killing is a kind of physical harm in the benchmark's definitions.
    found["physical_harm"] = max(found["physical_harm"], found["killing"])
    return found


def add_cue(rng: Random, text: str, found: Record | None) -> str:
    """The text, its first line often with a word for each violation that its record counts."""
    line, newline, rest = text.partition("\n")
    for name, value in (found or {}).get("morality", {}).items():
        if isinstance(value, float) and value > 0.5 and rng.random() < CUED:
            line = f"{line[:-1]}, with a {CUES[name][int(rng.random() * 3)]}{line[-1:]}"
    return line + newline + rest


def heads(rng: Random, chance: float, levels: tuple[str, ...], weights: tuple[int, ...]) -> Buckets:
    """Head counts per level, with one level above zero in `chance` of the cases."""
    found = dict.fromkeys(levels, 0.0)
    if rng.random() < chance:
        found[rng.choices(levels, weights)[0]] = HEADS[int(rng.random() * len(HEADS))]
    return found


def amount(rng: Random, chance: float, values: tuple[float, ...]) -> float:
    """One of the values in `chance` of the cases, else zero."""
    return values[int(rng.random() * len(values))] if rng.random() < chance else 0.0


def record(rng: Random) -> Record:
    """One scene's whole record; one in 250 lacks a part."""
    whole: Record = {
        "utility": {
            "self": heads(rng, 0.3, LEVELS, (2, 3, 8, 5, 8, 3, 1)),
            "others": heads(rng, 0.35, LEVELS, (3, 5, 10, 4, 8, 4, 1)),
        },
        "physical": {"watts": amount(rng, 0.09, (50.0, 400.0, 1500.0, 2000.0, 9000.0, 250000.0))},
        "money": {"dollars": amount(rng, 0.1, (500.0, 500.0, 500.0, 100000.0, 1000000.0))},
        "social": {"influence": heads(rng, 0.3, ("0", "1", "2"), (5, 4, 2))},
        "morality": {**violations(rng)},
    }
    if rng.random() < 0.004:
        del whole[PARTS[int(rng.random() * len(PARTS))]]
    return whole
