"""Questions with all their options and the right one, each wrong one of which makes a pair.

Inspect AI's and lm-evaluation-harness' records (`choices` with `target` or `answer_index`), and our
own rows of `multiple_choice` (`matching`, `not_matching`). The export `mcq` is of this form.
"""

from collections.abc import Iterator, Mapping
from string import ascii_uppercase as LETTERS
from typing import Any, cast

from generators.sources.pairs.forms.base import Form, NoPair, Record, convert_each, name
from generators.sources.pairs.forms.messages import read_prompt
from generators.sources.pairs.own_pair import is_missing

KEYS = ("answer_index", "target", "answer", "label")
WANTED = "choices and answer_index, target, answer or label"


def fits(record: Record) -> bool:
    """Returns whether there are options, and what says which is right."""
    return isinstance(record.get("choices"), list) and (
        any(each in record for each in KEYS) or isinstance(record.get("matching"), list)
    )


def read(record: Record) -> Iterator[dict[str, Any]]:
    """Yields the right option beside each that is wrong; they are siblings."""
    given = record.get("choices")
    choices = cast(list[Any], given) if isinstance(given, list) else [None]
    if not all(isinstance(each, str) for each in choices):
        raise NoPair("choices that are no list of texts")
    right, wrong = _find_places(record, len(choices))
    more = record.get("metadata")
    told = cast(Record, more) if isinstance(more, Mapping) else record
    named = name({**told, **record})
    prompt = read_prompt(record, ("input", "question", "prompt"))
    identity = named.pop("id", None)
    several = len(right) * len(wrong) > 1
    for one in right:
        for other in wrong:
            # Questions that are the same are siblings by their text, whatever their ids.
            made = f"{identity}/{one}-{other}" if several else identity
            yield {
                **({} if prompt or is_missing(identity) else {"menu": identity}),
                **named,
                "id": None if is_missing(identity) else made,
                "prompt": prompt,
                "positive": choices[one],
                "negative": choices[other],
            }


def _find_places(record: Record, count: int) -> tuple[list[int], list[int]]:
    """Returns the places of right and of wrong options."""
    right: list[Any]
    wrong: list[Any]
    if isinstance(record.get("matching"), list):
        right, wrong = record["matching"], record.get("not_matching") or []
    else:
        answer = next((record[each] for each in KEYS if not is_missing(record.get(each))), None)
        if isinstance(answer, str):
            letter = answer.strip().strip("()")
            answer = LETTERS.find(letter) if len(letter) == 1 else None
        right, wrong = [answer], [place for place in range(count) if place != answer]
    for place in (*right, *wrong):
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < count:
            raise NoPair(f"an answer that is none of the {count} choices")
    return right, wrong


FORM = Form(
    WANTED,
    ("choices", *KEYS, "matching", "not_matching", "input", "metadata"),
    fits,
    convert_each(read, WANTED),
)
