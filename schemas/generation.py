"""The part of a manifest about models: requests, rejections, tokens, cost and agreement."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Share, StrictModel
from schemas.exchange import RejectionReason, Tokens

Dollars = Annotated[float, Field(ge=0)]
Kappa = Annotated[float, Field(ge=-1, le=1)]


class TaskReport(StrictModel):
    """One task's requests. Failed tries and unfit answers are paid, and counted."""

    template: str
    """Version that asked."""
    model: str
    """Model that was asked."""
    asked: Count
    """Things asked about."""
    accepted: Count
    """Those with an answer that fits and passes all checks."""
    repaired: Count
    """Of those accepted, those whose first answer did not fit."""
    json_repaired: Count = 0
    """Of those accepted, those whose JSON was taken from reasoning, fences or prose, or had small
    faults repaired: last commas, quotes, raw newlines. The log has them as they came."""
    rejected: dict[RejectionReason, Count]
    """Those without, by reason."""
    pending: Count
    """Those that wait for an open batch."""
    not_recorded: Count
    """Those that the bundled answers do not cover."""
    failed_tries: Count
    """Tries that gave no answer at all."""
    tokens: Tokens
    """Of all tries, as the server counted them."""
    cost: Dollars | None
    """US dollars; null for a model of unknown price."""


class Agreement(StrictModel):
    """How far two labellers agree."""

    n: Count
    """Options that both have labelled."""
    raw: Share | None
    """Share of them with the same label; null where there is none."""
    kappa: Kappa | None
    """Cohen's kappa (https://doi.org/10.1177/001316446002000104); null where a class has fewer
    than 20."""
    interval: tuple[Kappa, Kappa] | None = None
    """Bounds of kappa, 95 %, as if options were independent; null without kappa, and where the
    second labeller has one class only."""


class Audit(StrictModel):
    """Whether an independent labeller audited the labels, and how far the two agree."""

    status: Literal["audited", "unaudited"]
    """`unaudited`: no agreement is computed, for the reason given."""
    reason: str | None
    """Why they are unaudited; null where they were audited."""
    polarity: Agreement | None
    """On ethical, ambiguous and unethical, all options together."""
    by_label: dict[str, Agreement]
    """On each violation that has at least 20 options of either class."""
    between_orders: Share | None = None
    """Share of options that a judge called the same in both orders."""


class ModelReport(StrictModel):
    """What models were asked, the results and the cost."""

    writer: str
    """Model that wrote; `hand-written` where the sample's authors did."""
    prices_as_of: str | None
    """Source of the prices, such as `genai-prices 0.2.3`, with what was assumed; null where no
    server was paid."""
    tasks: dict[str, TaskReport]
    """Task -> its requests."""
    rejected: dict[RejectionReason, Count]
    """What was rejected, judgments included, by reason: the lines of `rejected.jsonl`."""


class GenerationReport(ModelReport):
    """What models, or authors in their place, added to a folder made from games."""

    judge: str
    """Model that judged, blind."""
    decisions: Count
    """Decisions that were written and kept."""
    labels: Count
    """Options without a record that got a model's labels."""
    judged: Audit
    """The writer's labels against the judge's."""
    blind: Audit | None
    """The labeller against the benchmark's own labels, with `--densify`."""


class ConceptGenerationReport(ModelReport):
    """What a model, or authors in its place, added to a folder made from concepts."""

    added: dict[str, Count]
    """What was added to the concept file (templates, scenarios, edges, attributes) -> number."""
