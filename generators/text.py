"""Where two texts differ. Pure."""


def find_difference(one: str, other: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Returns the characters of each text that differ, in whole words: first, and after the last.

    A side that only lacks words has an empty span. Example:
    `find_difference("Save the baby.", "Save the adult.")` gives `((9, 14), (9, 15))`.
    """
    words, others = one.split(" "), other.split(" ")
    shortest = min(len(words), len(others))
    same = 0
    while same < shortest and words[same] == others[same]:
        same += 1
    after = 0
    while after < shortest - same and words[-1 - after] == others[-1 - after]:
        after += 1
    return _measure(words, same, after), _measure(others, same, after)


def _measure(words: list[str], before: int, after: int) -> tuple[int, int]:
    start = sum(len(word) + 1 for word in words[:before])
    middle = " ".join(words[before : len(words) - after])
    return start, start + len(middle)
