"""How a tokenizer reads a text, and where in it something stands."""

from typing import Annotated

from pydantic import Field

from schemas.base import Count, StrictModel

Span = Annotated[tuple[Count, ...], Field(min_length=2, max_length=2)]
"""First place and the place after the last one."""


class Encoding(StrictModel):
    """How one tokenizer reads a row, in one of four ways."""

    tokenizer: str
    """Name of the tokenizer, such as `gpt2`."""
    leading_space: bool
    """Whether the texts are read with a space before them, as after other text."""
    bos: bool
    """Whether one token (beginning of sequence) is put before them."""
    aligned: bool
    """Whether both sides have as many tokens, and differ in one run of them."""
