"""A counterpart's text as an edit of its source: undone exactly, and telling nothing of it."""

from hypothesis import example, given
from hypothesis import strategies as st

from generators.publish.counterparts import SHORTEST_COPY, apply_edit, write_edit


@given(st.text("ab \n", max_size=80), st.text("ab \n", max_size=80))
@example("the same text twice over", "the same text twice over")
@example("x" * 30, "x" * 29)
def test_an_edit_is_undone_and_spells_no_run_of_its_source(text: str, source: str) -> None:
    edit = write_edit(text, source)
    assert apply_edit(edit, source) == text
    spelled = [piece for piece in edit if isinstance(piece, str)]
    for piece in spelled:
        runs = (piece[at : at + SHORTEST_COPY] for at in range(len(piece) - SHORTEST_COPY + 1))
        assert not any(run in source for run in runs)
