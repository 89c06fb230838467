"""Config `insertions`: one scenario without a concept, with it, and with a control."""

from pydantic import model_validator

from schemas.base import ConceptRow, Count, Encoding, Readout, Span


class InsertionEncoding(Encoding):
    """The tokens of a scenario with either clause; `aligned` says that they are as many."""

    inserted_span: Span
    """Tokens of the clause in `inserted`: first, and the one after the last."""
    control_span: Span
    """Tokens of the clause in `control`."""
    n_tokens: Count
    """Tokens of `inserted`."""
    control_n_tokens: Count
    """Tokens of `control`; the same number where the row is aligned."""
    base_n_tokens: Count
    """Tokens of `base`."""


class InsertionRow(ConceptRow):
    """One scenario three ways; all end alike, at a decision that is not told."""

    concept: str
    """The concept that the clause mentions."""
    control_concept: str
    """The word in its place in the control: on the same topic, without its moral content."""
    scenario: str
    """The scenario."""
    base: str
    """Without any clause."""
    inserted: str
    """With a clause that mentions the concept."""
    control: str
    """With the same clause about the control's word."""
    inserted_span: Span
    """Characters of the clause in `inserted`; without them it is `base`."""
    control_span: Span
    """Characters of the clause in `control`."""
    behavior: str
    """What the decision is about, such as `greed`."""
    readout: Readout
    """Two ways in which all three texts can go on, of matched form, after a space; the positive one
    shows the behavior. The cue is empty: the texts end where the decision is made."""
    tokens: tuple[InsertionEncoding, ...]
    """For each tokenizer four readings: with and without a leading space, and with BOS or not."""

    @model_validator(mode="after")
    def _check_spans(self) -> "InsertionRow":
        for text, span in (
            (self.inserted, self.inserted_span),
            (self.control, self.control_span),
        ):
            if text[: span[0]] + text[span[1] :] != self.base:
                raise ValueError("without its span a text must be the base")
        return self
