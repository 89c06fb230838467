"""Faults of a text that fits its schema: cues, copies, leftovers and loops. Pure.

Each check raises Unfit with a reason of the closed set. Schema-valid is not content-valid: small
models repeat the other side word for word, put a "not" before it, or talk about ethics instead.
"""

import re
from collections.abc import Iterable, Sequence, Set
from difflib import SequenceMatcher

from generators.engine.dialogue import Unfit
from generators.sources.concepts.slots import is_family, name_noun
from schemas.concept import PARTS_OF_SPEECH, Concept
from schemas.exchange import RejectionReason

COPIED_WORDS = 8
"""Words in a row that two authors do not write by chance."""
MOST_ALIKE = 0.9
"""Share of characters in common from which two options count as the same one."""
LONGEST_TIMES, LONGEST_PLUS = 1.6, 8
"""The longest option has at most so many times the characters of the shortest, plus so many."""
STOPS = (".", "?", "!", '."', '?"', '!"')
"""How a sentence may end."""

_ASCII = re.compile(r"[^\x20-\x7e]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NAME = re.compile(r"(?<=[\w,;:’'\-] )([A-Z][a-zà-ž]+(?:['’]s)?)\b")
_NO_NAMES = frozenset(
    "I Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May"
    " June July August September October November December Christmas Easter God English French"
    " Latin North South East West Sir Madam Mr Mrs Miss Ms Dr Doctor Captain Professor".split()
)

_LABEL = re.compile(
    r"\b(?:un|non)?ethic(?:al|ally|s)?\b|\b(?:im|a)?moral(?:ly|ity)?\b"
    r"|\b(?:right|wrong|decent) thing\b"
    r"|\b(?:dis)?honest(?:ly|y)?\b|\b(?:un)?fair(?:ly|ness)\b|\bwrongful(?:ly)?\b|\bviolat\w+",
    re.I,
)
_META = re.compile(
    r"\b(?:should have|as an ai|language model|this (?:option|choice|action) (?:is|would)"
    r"|is (?:un)?ethical|the (?:dilemma|scenario|prompt|story so far)"
    r"|in this (?:scenario|dilemma))\b",
    re.I,
)
_LEFTOVER = re.compile(
    r"\{\{|\}\}|\{%|%\}|</?\w+ [0-9a-f]{12}>|\$\{|\[(?:name|insert|place|your)\b[^\]]*\]"
    r"|lorem ipsum"
    r"|\bplaceholder\b|^(?:option|choice) ?[a-f0-9]?\s*[:.)]|^\(?[A-F1-6][).:] "
    r"|[A-Za-z]{1,40}_[A-Za-z]{1,40}_[A-Za-z]"
    r"|^(?:string|text|situation|option)\.?$|\bto-?do:|<\|",
    re.I | re.M,
)
_NEGATION = re.compile(r"\b(?:do not|don['’]t|not|never|refuse to|without)\b", re.I)
_REFUSAL = re.compile(
    r"\bi(?:['’]m| am) sorry\b.*\b(?:can(?:no|['’])t|unable)\b"
    r"|\bi (?:can(?:no|['’])t|am unable to) (?:help|assist|write|provide|create|comply)\b"
    r"|\bas an ai\b",
    re.I,
)


def list_words(text: str) -> list[str]:
    """Returns the words of a text, in lower case."""
    return _WORD.findall(text.replace("’", "'").lower())


def check_prose(text: str, where: str) -> None:
    """Raises Unfit where a text is a refusal, talks about itself, loops or holds leftovers."""
    if match := _REFUSAL.search(text):
        raise _unfit("refused", where, f"holds a refusal ('{match[0][:60]}')")
    if match := _LEFTOVER.search(text):
        raise _unfit("template_text", where, f"holds leftover template text ('{match[0][:40]}')")
    if match := _META.search(text):
        raise _unfit("meta_talk", where, f"talks about the task ('{match[0]}')")
    words = list_words(text)
    if len(words) < 2:
        raise _unfit("empty", where, "has hardly a word")
    if repeated := find_repetition(words):
        raise _unfit("repetition", where, f"repeats itself ('{repeated}')")


def find_repetition(words: Sequence[str]) -> str | None:
    """Returns words that stand three times in a row, or a long run that stands twice."""
    for size in range(1, 7):
        for start in range(len(words) - 3 * size + 1):
            part = words[start : start + size]
            if part == words[start + size : start + 2 * size] == words[start + 2 * size :][:size]:
                return " ".join(part)
    seen: set[tuple[str, ...]] = set()
    for run in _list_runs(words, COPIED_WORDS):
        if run in seen:
            return " ".join(run)
        seen.add(run)
    return None


def check_label(text: str, where: str) -> None:
    """Raises Unfit where an option names its own label."""
    if match := _LABEL.search(text):
        raise _unfit("label_in_text", where, f"names its own label ('{match[0]}')")


def check_different(texts: Sequence[str], *, most_alike: float = MOST_ALIKE) -> None:
    """Raises Unfit where two options are the same, or nearly."""
    for second in range(len(texts)):
        for first in range(second):
            ours, others = list_words(texts[first]), list_words(texts[second])
            alike = SequenceMatcher(None, " ".join(ours), " ".join(others)).ratio()
            if ours == others or alike > most_alike:
                detail = f"options {first + 1} and {second + 1} are nearly the same"
                raise Unfit("identical_options", detail)
            check_not_negated(texts[first], texts[second])
            check_not_negated(texts[second], texts[first])


def check_not_negated(one: str, other: str) -> None:
    """Raises Unfit where the other option is the first one with a negation in it."""
    ours, others = (
        [word for word in list_words(_NEGATION.sub(" ", text)) if word not in {"to", "do"}]
        for text in (one, other)
    )
    added = _NEGATION.search(other) and not _NEGATION.search(one)
    if added and SequenceMatcher(None, ours, others).ratio() > MOST_ALIKE:
        raise Unfit("negated", "one option is another with a negation")


def check_matched(texts: Sequence[str]) -> None:
    """Raises Unfit where options differ clearly in length, or in form."""
    lengths = [len(text) for text in texts]
    if max(lengths) > LONGEST_TIMES * min(lengths) + LONGEST_PLUS:
        detail = f"options of clearly different length: {min(lengths)} to {max(lengths)} characters"
        raise Unfit("unmatched_options", detail)
    forms = {_find_form(text) for text in texts}
    if len(forms) > 1:
        named = " beside ".join(sorted(forms))
        raise Unfit("unmatched_options", f"options of different form: {named}")


def _find_form(text: str) -> str:
    """Returns person and ending of a sentence, by which options differ in form."""
    first = next(iter(list_words(text)), "")
    person = {"i": "first person", "we": "first person", "you": "second person"}.get(first)
    third = {"he", "she", "they", "it", "to"}
    opening = person or (f"'{first} ...'" if first in third else "imperative")
    quoted = "a quotation, " if text[:1] in "\"“'‘" else ""
    ending = text.rstrip("\"”'’)")[-1:]
    return f"{quoted}{opening}, ending in '{ending if ending in '.!?…' else 'no stop'}'"


def check_own_words(text: str, sources: Sequence[str], where: str) -> None:
    """Raises Unfit where a text shares a long run of words with its source."""
    ours = _list_runs(list_words(text), COPIED_WORDS)
    for source in sources:
        copied = set(_list_runs(list_words(source), COPIED_WORDS))
        for run in ours:
            if run in copied:
                raise _unfit("copied_scene", where, f"copies the story ('{' '.join(run)}')")


def _list_runs(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def find_names(text: str) -> frozenset[str]:
    """Returns what looks like a name: capitalised within a sentence, never in lower case."""
    lower = frozenset(re.findall(r"\b[a-z]+\b", text))
    found = {name.removesuffix("'s").removesuffix("’s") for name in _NAME.findall(text)}
    return frozenset(name for name in found - _NO_NAMES if name.lower() not in lower)


def check_no_names(text: str, names: Set[str], where: str) -> None:
    """Raises Unfit where a text keeps a name of its source."""
    words = {word.removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text)}
    if kept := sorted(words & names):
        raise _unfit("source_name", where, f"keeps a name of the story ('{kept[0]}')")


def list_forms(concept: Concept) -> list[str]:
    """Returns all forms of a concept."""
    forms = PARTS_OF_SPEECH[concept.part_of_speech]
    return [getattr(concept, form) for form in forms if form != "article"]


def name_concept(concept: Concept) -> str:
    """Returns the name of a concept in a prompt: a noun phrase, else an adjective."""
    return name_noun(concept) or list_forms(concept)[0]


def check_line(text: str, where: str) -> None:
    """Raises Unfit where a text is no plain line of prose."""
    if text != text.strip() or "\n" in text:
        raise Unfit("template_text", f"{where} has spaces or line breaks around or in it")
    if match := _ASCII.search(text):
        raise Unfit("template_text", f"{where} holds '{match[0]}'; only plain ASCII is taken")
    check_prose(text, where)


def check_unnamed(text: str, concepts: Iterable[Concept], where: str) -> None:
    """Raises Unfit where a text names a concept, or holds a word of its family."""
    words = list_words(text)
    for form in (form for concept in concepts for form in list_forms(concept)):
        named = list_words(form)
        if len(named) > 1 and f" {' '.join(named)} " in f" {' '.join(words)} ":
            raise Unfit("names_concept", f"{where} names the concept ('{form}')")
        if found := [word for word in words if len(named) == 1 and is_family(word, named[0])]:
            raise Unfit("names_concept", f"{where} names the concept ('{found[0]}')")


def _unfit(reason: RejectionReason, where: str, fault: str) -> Unfit:
    return Unfit(reason, f"{where} {fault}")
