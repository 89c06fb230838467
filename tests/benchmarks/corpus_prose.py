"""Prose of the synthetic corpus: a seeded grammar of words and sentences, written for it."""

import re
from collections.abc import Sequence
from random import Random


def words(text: str) -> list[str]:
    """The words of a table; a hyphen joins the words of one entry."""
    return [word.replace("-", " ") for word in text.split()]


TABLES: dict[str, list[str]] = {
    "name": words(
        "Amadi Bertrand Celeste Dagny Esteban Farrow Greta Halloran Imogen Joaquin Kestrel Lucan"
        " Marisol Nadira Osric Petra Quillon Rosalind Severin Tamsin Ulric Vesna Wystan Xiomara"
        " Yevgeny Zelda Anwen Borislav Corvin Delphine Emeric Fenella Gideon Hesper Ilsabet Jory"
    ),
    "role": words(
        "captain clerk surgeon ferryman baker envoy archivist tailor sergeant gardener courier"
        " glazier smith actress lawyer porter cook pilot printer widow cousin apprentice judge"
        " steward beekeeper watchman musician merchant doctor stranger boatman teacher"
    ),
    "place": words(
        "harbour market orchard archive chapel courtyard station workshop theatre ballroom cellar"
        " lighthouse bridge tavern library greenhouse barracks observatory mill quarry infirmary"
        " embassy attic stable garden arcade warehouse bakery tollgate"
    ),
    "thing": words(
        "ledger lantern letter key map ring compass violin coat purse knife bottle medal portrait"
        " clock telescope cashbox passport manuscript saddle mirror seal trunk rope chessboard bell"
        " receipt engine notebook umbrella kettle sabre locket crate"
    ),
    "adj": words(
        "quiet narrow bright worn heavy crooked patient bitter hopeful muddy polished hollow cold"
        " gentle restless plain borrowed tall faded careful stubborn weary curious pale broken"
        " honest sudden secret distant ordinary splendid"
    ),
    "adv": words(
        "slowly gently quickly twice alone again carefully badly quietly boldly early politely"
        " wearily openly at-once in-silence by-hand without-haste for-nothing with-care"
    ),
    "did": words(
        "carried hid opened sold json_repaired counted borrowed polished dropped returned measured"
        " wrapped lifted hung copied locked weighed examined signed described"
    ),
    "act": words(
        "take hide open sell mend count borrow burn drop return steal break wrap lift copy"
        " lock examine sign share refuse keep smash buy follow"
    ),
    "time": words(
        "dawn noon dusk midnight supper Tuesday Friday winter harvest spring closing-time breakfast"
        " Sunday autumn nightfall teatime"
    ),
    "feel": words(
        "relief shame anger pride doubt grief hunger hope envy delight dread patience mischief"
        " boredom longing tenderness"
    ),
    "n": words("two three four five six seven nine ten eleven twelve twenty forty"),
    "sky": words("rain wind fog snow thunder sunlight moonlight smoke frost dust"),
}

NARRATION = (
    "The {role} from the {place} looks at the {thing} and then at you.",
    "By {time} the {place} is empty, and the {sky} has found its way in.",
    "{name} {did} the {adj} {thing} here, or so the {role} says.",
    "There are {n} doors out of the {place}; only one of them is {adj}.",
    "You have known {name} for {n} years, and never seen so much {feel} in one face.",
    "“It is only a {thing},” says {name} – “but it was my mother’s.”",
    "The {sky} comes down over the {place} like a {adj} curtain.",
    "Nobody in the {place} will say who {did} the {thing}, though everybody knows.",
    "Your hands smell of {sky} and of the {role}’s {adj} {thing}.",
    "“Before {time},” the {role} tells you, “somebody has to pay for the {thing}.”",
    "{name} and the {role} have been arguing since {time} about a {adj} {thing}.",
    "A {adj} {role} stands at the gate with a {thing} under one arm.",
    "You think of the {place}, of {name}’s {feel}, and of the {n} crowns in your pocket.",
    "It is {n} o’clock, the {thing} is missing, and the {role} wants an answer.",
    "Somewhere behind the {place} a bell rings {n} times – then stops.",
    "“You could always ask {name},” says the {role} {adv}.",
    "The letter is short: come to the {place} at {time}, alone, with the {thing}.",
    "Between the {place} and the {place} runs a {adj} lane where the {role} waits.",
    "What {name} feels may be {feel}; what {name} shows is a {adj} smile.",
    "Last {time} the {role} {did} a {thing} and told nobody but {name}.",
    "The {adj} {thing} lies on the table between you and the {role}.",
    "You hear {name} before you see anything: {adj} steps, a cough, a dropped {thing}.",
    "“Well?” says {name}. “The {place} won’t wait for your {feel}.”",
    "In the {place} they still tell how the {role} {did} {n} of them by {time}.",
)

OUTCOMES = (
    "You do it {adv}, and the {role} says nothing for a long while.",
    "{name} takes the {thing} from your hand – {adv}, as it happens.",
    "The {role} laughs, but there is more {feel} in it than joy.",
    "By {time} the whole {place} has heard, and {n} people want to shake your hand.",
    "“I won’t forget this,” says {name}, and you believe it.",
    "It costs you {n} crowns and a {adj} {thing}.",
    "The {thing} breaks; a {adj} piece of it rolls away towards the {place}.",
    "You find the {role} in the {place}, pale with {feel}.",
    "Nobody saw you but {name}, who looks {adj} and turns away.",
    "The {sky} hides you until you reach the {place}.",
    "Afterwards you sit in the {place} with a {adj} headache and {n} unpaid bills.",
    "“So that’s how it is,” says the {role} – and shuts the door {adv}.",
    "It works better than you had hoped: the {adj} {role} even offers you a {thing}.",
    "For {n} days you think of {name}’s face, and of the {feel} in it.",
    "The {role} writes it all down {adv}, with the hour and the {sky}.",
    "What you {did} at {time} cannot be json_repaired now.",
)

OPTIONS = (
    "{Act} the {thing} before {name} comes back.",
    "{Act} the {adj} {thing} and say nothing to the {role}.",
    "Tell {name} the truth about the {adj} {thing}.",
    "Ask the {role} in the {place} for help.",
    "{Act} the {role}’s {thing} {adv}, while nobody in the {place} is looking.",
    "Wait in the {place} until {time}.",
    "“{name}, I’m going to {act} the {thing} {adv}.”",
    "Offer the {role} {n} crowns to {act} the {adj} {thing}.",
    "Promise {name} the {thing}, and {act} it {adv} at {time}.",
    "Follow the {adj} {role} to the {place}.",
    "Leave the {place} by the {adj} door with {name}.",
    "I {act} the {thing}, whatever the {role} may think.",
    "Refuse {adv}, and leave the {thing} where it is.",
    "Let the {role} and {name} settle it themselves over the {thing}.",
    "Read {name}’s {adj} letter and {act} the {thing} – {adv}.",
    "Show the {thing} to everyone in the {place}, the {adj} {role} first.",
)

Sentence = list[str | list[str]]


def compiled(templates: Sequence[str]) -> list[Sentence]:
    """The templates as literals (even places) and word tables (odd places)."""
    tables = {**TABLES, "Act": [word.capitalize() for word in TABLES["act"]]}
    return [
        [tables[part] if place % 2 else part for place, part in enumerate(parts)]
        for parts in (re.split(r"\{(\w+)\}", template) for template in templates)
    ]


NARRATION_SENTENCES = compiled(NARRATION)
OUTCOME_SENTENCES = compiled([*OUTCOMES, *NARRATION[:12]])
OPTION_SENTENCES = compiled(OPTIONS)


def sentence(rng: Random, grammar: Sequence[Sentence]) -> str:
    """One sentence with its words drawn."""
    draw = rng.random
    return "".join(
        [
            part if isinstance(part, str) else part[int(draw() * len(part))]
            for part in grammar[int(draw() * len(grammar))]
        ]
    )


def passage(rng: Random, length: int, grammar: Sequence[Sentence] = NARRATION_SENTENCES) -> str:
    """Sentences until at least `length` words stand, now and then on a new line or in italics."""
    text = sentence(rng, grammar)
    while text.count(" ") + 1 < length:
        text += ("\n" if rng.random() < 0.15 else " ") + sentence(rng, grammar)
    return marked_up(rng, text)


def marked_up(rng: Random, text: str) -> str:
    """The text, in few cases with markup or with a variable that nobody filled in."""
    chance = rng.random()
    if chance < 0.93:
        return text
    first, _, rest = text.partition(" ")
    if chance < 0.98:
        return f"[i]{first}[/i] {rest}"
    if chance < 0.996:
        return f"{text}\n[b]Remember this.[/b]"
    return f"{text} “Until then, ${{friend_name}}.”"


def option_line(rng: Random) -> str:
    """The line of an option as the menu shows it."""
    return sentence(rng, OPTION_SENTENCES)


def option_text(rng: Random, line: str, length: int) -> str:
    """An option's scenario: its line, then what follows from it."""
    return f"{line}\n{passage(rng, length, OUTCOME_SENTENCES)}"
