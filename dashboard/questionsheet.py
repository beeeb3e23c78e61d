"""Small questions as people read them: what is asked, what can be answered, how it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from dashboard.languages import LANGUAGES, _
from dashboard.map.text import clean
from dashboard.numerals import share
from dashboard.operations.volunteering import code_word

Row = Mapping[str, Any]
TEXT_SHOWN = 80


def kind_name(kind: str) -> str:
    """Say a kind of question."""
    names = {
        "building": _("How does this building look?"),
        "road": _("Is this road open?"),
        "same_place": _("Are these the same place?"),
        "translate": _("What does this say in another language?"),
    }
    return names.get(kind, clean(kind))


def choice_name(choice: str) -> str:
    """Say an answer; a translation stands as it was written."""
    names = {
        "destroyed": _("destroyed"),
        "damaged": _("damaged"),
        "no_visible_damage": _("no damage visible"),
        "open": _("open"),
        "closed": _("closed"),
        "same": _("the same place"),
        "different": _("two places"),
        "cannot_tell": _("I cannot tell"),
    }
    return names.get(choice, clean(choice, 300))


def state_name(state: str) -> str:
    """Say how a question stands."""
    names = {
        "asked": _("waits for answers"),
        "disputed": _("they do not agree"),
        "decided": _("decided"),
        "taken": _("taken as evidence"),
        "cancelled": _("called off"),
    }
    return names.get(state, clean(state))


def subject(row: Row) -> str:
    """Say what a question is about: a point, an edge, two places, a text."""
    if row["lat"] is not None:
        return f"{row['lat']:.5f}, {row['lon']:.5f}"
    if row["text"]:
        language = LANGUAGES.get(row["language"], clean(row["language"]))
        text = clean(row["text"], TEXT_SHOWN)
        return f"{text} → {language}" if language else text
    return " · ".join(clean(one["name"] or one["id"], 60) for one in row["about"])


def questions_table(rows: Iterable[Row], moment: Callable[[Any], str]) -> pd.DataFrame:
    """Give one row a question."""
    return pd.DataFrame(
        [
            {
                _("Question"): kind_name(row["kind"]),
                _("About"): subject(row),
                _("State"): state_name(row["state"]),
                _("Answers"): f"{row['given']} / {row['wanted']}",
                _("Most likely"): choice_name(row["answer"]),
                _("How sure"): share(row["belief"]),
                _("Test"): _("yes") if row["gold"] else "",
                _("Asked at"): moment(row["at"]),
            }
            for row in rows
        ]
    )


def answerers_table(rows: Iterable[Row]) -> pd.DataFrame:
    """Give one row a volunteer who answered."""
    return pd.DataFrame(
        [
            {
                _("Volunteer"): clean(code_word(row["volunteer_id"])),
                _("Answers"): row["answers"],
                _("How often right"): share(row["right"]),
                _("Tests passed"): f"{row['gold_right']} / {row['gold']}",
            }
            for row in rows
        ]
    )
