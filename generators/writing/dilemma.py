"""Task `dilemma`: from one menu, a new situation with two to six options of matched form."""

from generators.engine.dialogue import Ask, Unfit
from generators.writing import scenes, wording
from generators.writing.task import Task
from schemas.base import Provenance
from schemas.decision import Decision
from schemas.drafts import DilemmaDraft

TASK = Task("dilemma/v1", DilemmaDraft, most_tokens=6000, usual_tokens=450)
FEWEST_CHARACTERS, MOST_CHARACTERS = 80, 1200
"""Of a situation: wider than what is asked for, which is 220 to 600."""


def ask(decision: Decision, model: str) -> Ask[DilemmaDraft]:
    """Returns what to ask about a menu."""
    texts = [option.text for option in decision.options]
    sources = [decision.context, decision.menu_text, *texts]
    names = wording.find_names("\n".join(sources))

    def check(draft: DilemmaDraft) -> None:
        check_draft(draft)
        for text in (draft.situation, *(option.text for option in draft.options)):
            wording.check_no_names(text, names, "the draft")
            wording.check_own_words(text, sources, "the draft")

    options = [scenes.show_option(decision.options[place]) for place in decision.usable_places]
    variables = {"context": scenes.keep_context(decision), "options": scenes.number_lines(options)}
    return TASK.ask(model, decision.id, variables, check)


def check_draft(draft: DilemmaDraft) -> None:
    """Raises Unfit where a draft is no dilemma that could be published."""
    wording.check_prose(draft.situation, "the situation")
    if not FEWEST_CHARACTERS <= len(draft.situation) <= MOST_CHARACTERS:
        detail = f"the situation has {len(draft.situation)} characters; 220 to 600 are asked for"
        raise Unfit("schema", detail)
    texts = [option.text for option in draft.options]
    for place, text in enumerate(texts, start=1):
        wording.check_prose(text, f"option {place}")
        wording.check_label(text, f"option {place}")
    wording.check_different(texts)
    wording.check_matched(texts)
    polarities = {scenes.find_polarity(option) for option in draft.options}
    if not {"ethical", "unethical"} <= polarities:
        missing = "ethical" if "ethical" not in polarities else "unethical"
        raise Unfit("one_sided", f"no option is {missing}")


def decide(source: Decision, draft: DilemmaDraft, provenance: Provenance) -> Decision:
    """Returns the Decision that a draft becomes."""
    decision_id = f"{source.id}/{TASK.name}"
    menu = source.id.partition("/")[2]
    options = tuple(
        scenes.make_option(f"{menu}/{TASK.name}/{place}", option)
        for place, option in enumerate(draft.options)
    )
    return source.model_copy(
        update={
            "id": decision_id,
            "origin": "generated",
            "text_licence": "generated",
            "provenance": provenance,
            "context": draft.situation,
            "menu_text": draft.situation,
            "flags": (),
            "options": options,
        }
    )
