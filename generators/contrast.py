"""Where two texts differ. Pure."""

MARKS = ("«", "»")
BOLD = ("\x1b[1m", "\x1b[0m")


def mark_difference(one: str, other: str, *, color: bool) -> tuple[str, str]:
    """Returns both texts with the part that differs marked, in whole words.

    Example: `mark_difference("Save the baby.", "Save the adult.", color=False)` gives
    `("Save the «baby.»", "Save the «adult.»")`.
    """
    words, others = one.split(" "), other.split(" ")
    shortest = min(len(words), len(others))
    same = 0
    while same < shortest and words[same] == others[same]:
        same += 1
    after = 0
    while after < shortest - same and words[-1 - after] == others[-1 - after]:
        after += 1
    marks = BOLD if color else MARKS
    return _mark(words, same, after, marks), _mark(others, same, after, marks)


def _mark(words: list[str], before: int, after: int, marks: tuple[str, str]) -> str:
    end = len(words) - after
    middle = " ".join(words[before:end])
    marked = [f"{marks[0]}{middle}{marks[1]}"] if middle else []
    return " ".join([*words[:before], *marked, *words[end:]])
