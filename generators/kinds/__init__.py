"""The kinds of dataset, one file each; a new kind is one line more in the table."""

from generators.kinds import contrastive, decisions, icl, multiple_choice
from generators.kinds.base import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (decisions.KIND, contrastive.KIND, multiple_choice.KIND, icl.KIND)
}
