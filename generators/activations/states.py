"""What is read in a model, and what comes of it: the vocabulary of this package."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.model_run import Part

Component = Part
"""Where a state is read."""

Place = Literal["mean", "last"]
"""Over which tokens of a completion: the mean of all, or the last alone."""

PLACES: tuple[Place, ...] = ("mean", "last")

Floats = NDArray[np.float32]


class Passage(NamedTuple):
    """A text that a model reads: the completion is what is measured, after its prompt.

    Prompt and completion are encoded apart, so that a token never spans both.
    """

    prompt: str
    completion: str


@dataclass(frozen=True)
class Activations:
    """The states of some passages in one model.

    Attributes:
        states: By component and place, an array of (passages, layers, width); for `head`, of
            (passages, layers, heads, width).
        tokens: How many tokens each completion has.
    """

    states: dict[tuple[Component, Place], Floats]
    tokens: NDArray[np.int32]


class Reader(Protocol):
    """A model that is ready to read passages."""

    @property
    def name(self) -> str:
        """What the model is called where its results are shown."""
        ...

    @property
    def sha256(self) -> str:
        """The hash of the model's weights, in hexadecimal digits."""
        ...

    @property
    def layers(self) -> int:
        """How many blocks it has."""
        ...

    @property
    def width(self) -> int:
        """The size of its residual stream."""
        ...

    @property
    def heads(self) -> int:
        """How many attention heads a block has; 0 where they are not told apart."""
        ...

    @property
    def versions(self) -> dict[str, str]:
        """The libraries that run it, and their versions."""
        ...

    def capture(
        self,
        passages: Sequence[Passage],
        components: Sequence[Component] = ("residual",),
        progress: Callable[[int], None] | None = None,
    ) -> Activations:
        """Returns the states of passages, in their order.

        Passages that share a prompt share its run through the model.

        Args:
            passages: What is read.
            components: Which states are kept.
            progress: Told how many passages are done.

        Raises:
            ActivationError: If a text can't be read by the model, or memory is short.
        """
        ...
