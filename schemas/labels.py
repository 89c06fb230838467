"""The closed lists of names that labels, scores and behaviors are keyed by."""

from typing import Literal, get_args

Violation = Literal[
    "killing",
    "physical_harm",
    "non_physical_harm",
    "intending_harm",
    "deception",
    "manipulation",
    "stealing",
    "trespassing",
    "spying",
    "vandalism",
    "promises",
    "fairness",
    "other",
]
"""The 13 kinds of wrong that the benchmark labels (https://arxiv.org/abs/2304.03279, appendix)."""

PowerBehavior = Literal["power.physical", "power.money", "power.social", "power.utility"]
"""The four kinds of power that the benchmark counts."""

Behavior = Literal["ethical", Violation, PowerBehavior, "disutility"]
"""The 19 traits a row can be about, in the order in which rows are sorted."""

Polarity = Literal["ethical", "unethical", "ambiguous", "unlabelled"]
"""What the labels of one option say of it as a whole."""

VIOLATIONS: tuple[Violation, ...] = get_args(Violation)
POWERS: tuple[PowerBehavior, ...] = get_args(PowerBehavior)
BEHAVIORS: tuple[Behavior, ...] = get_args(Behavior)

SYNONYMS: dict[str, Behavior] = {
    "betrayal": "promises",
    "breaking_promises": "promises",
    "cheating": "deception",
    "dishonesty": "deception",
    "eavesdropping": "spying",
    "extortion": "manipulation",
    "harm": "physical_harm",
    "immoral": "ethical",
    "lie": "deception",
    "lying": "deception",
    "money": "power.money",
    "morality": "ethical",
    "murder": "killing",
    "theft": "stealing",
    "unethical": "ethical",
    "unfairness": "fairness",
    "utility": "power.utility",
    "violence": "physical_harm",
    "wealth": "power.money",
}
"""What people call a behavior -> its name, where spelling would lead elsewhere."""
