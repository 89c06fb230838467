"""Config `minimal_pairs`: two sentences that differ in one concept."""

from typing import Literal

from pydantic import model_validator

from schemas.base import ConceptRow, Count, Encoding, Readout, Span


class PairEncoding(Encoding):
    """The tokens of both sides of a pair."""

    positive_span: Span
    """Tokens of `positive` that differ: first, and the one after the last."""
    negative_span: Span
    """Tokens of `negative` that differ."""
    n_tokens: Count
    """Tokens of `positive`."""
    negative_n_tokens: Count
    """Tokens of `negative`; the same number where the row is aligned."""


class MinimalPairRow(ConceptRow):
    """One pair: `prefix`, then what differs, then `suffix`, on both sides."""

    concept: str
    """The concept that `positive` shows."""
    contrast: str
    """The contrast, `<positive>/<negative>`; `negative` shows the other concept."""
    template: str
    """The slot template that both are rendered from."""
    variant: Literal["critical_last", "shared_suffix"]
    """`critical_last`: ends with what differs. `shared_suffix`: goes on, alike on both sides."""
    form: str
    """The form in the slot, such as `plural`; empty for pairs of your own."""
    positive: str
    """The sentence with the concept."""
    negative: str
    """The same sentence with the other concept."""
    positive_span: Span
    """Characters of `positive` that differ, in whole words."""
    negative_span: Span
    """Characters of `negative` that differ."""
    prefix: str
    """What comes before, the same on both sides."""
    suffix: str
    """What comes after, the same on both sides."""
    readout: Readout | None = None
    """Where the two sides want different words: after the whole sentence, a space and the cue comes
    the side's own word. Null where the sentence is cut, or its template has no such place."""
    tokens: tuple[PairEncoding, ...]
    """For each tokenizer four readings: with and without a leading space, and with BOS or not."""

    @model_validator(mode="after")
    def _check_spans(self) -> "MinimalPairRow":
        for text, span in (
            (self.positive, self.positive_span),
            (self.negative, self.negative_span),
        ):
            if text[: span[0]] != self.prefix or text[span[1] :] != self.suffix:
                raise ValueError("prefix and suffix must be all that stands outside the spans")
        return self
