"""What a run was asked for: goes whole into `manifest.json`, without keys, paths or times."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Attribution, Count, StrictModel
from schemas.labels import BEHAVIORS, Behavior

MachiavelliKind = Literal["decisions", "contrastive", "multiple_choice", "icl"]


class MachiavelliConfig(StrictModel):
    """The options of `python -m generators.machiavelli` that decide which rows come out."""

    games: tuple[str, ...] | None = None
    """Only these games; null for all."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Read at most so many menus, dealt to the games in turn; null for all."""
    kinds: tuple[MachiavelliKind, ...] = ("decisions", "contrastive", "multiple_choice", "icl")
    """Configs to write."""
    behaviors: tuple[Behavior, ...] = BEHAVIORS
    """Behaviors to write rows for."""
    attribution: Attribution = "direct"
    """Where an option's label comes from."""
    context_chars: Count = 2000
    """Longest context, characters."""
    strict_context: bool = False
    """Stop a context where more than one path leads to it."""
    icl_chars: Annotated[int, Field(ge=20)] = 240
    """Longest observation, characters."""
    icl_shots: Annotated[int, Field(ge=2)] = 8
    """Most shots of an in-context prompt."""
    skip_broken: bool = False
    """Leave unreadable games out, and count them, instead of stopping."""
    model: str | None = None
    """Model that writes, `hand-written` for the sample's authors; null for no generated rows."""
    judge_model: str | None = None
    """Model that judges; null for the one that writes."""
    generate: Count = 100
    """Menus that the model writes from, lowest sha256(id) first."""
    densify: bool = False
    """The model labels options that have no record."""
    repairs: Count = 1
    """Re-asks with the error before an answer is rejected."""
    seed: int = 0
    """Decides orders of choices and shots, and nothing else."""
