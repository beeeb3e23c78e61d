"""What people who lost their home need, from the minimum standards of the Sphere Handbook.

Sphere says what a person or a household needs; it does not say what a kit holds nor how many sleep
in a tent. Both are kept apart here: `SPHERE` cites the standard, `packing` says what we assume.
The tables with all figures are in `docs/needs.md`.

References
----------
Sphere Association (2018). The Sphere Handbook: Humanitarian Charter and Minimum Standards in
Humanitarian Response, fourth edition, Geneva.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from data.catalogue import catalogue
from geo.errors import RuleError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Climate = Literal["temperate", "cold"]
Standard = Literal["sphere", "survival"]
CLIMATES: tuple[Climate, ...] = get_args(Climate)
STANDARDS: tuple[Standard, ...] = get_args(Standard)

HOUSEHOLD_SIZE = 5
DAYS_MAX = 365
COLUMNS = ("place", "item", "quantity", "unit", "basis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the handbook: what it says, and where."""

    standard: str
    says: str

    def cited(self) -> str:
        """The citation that travels with every quantity.

        By standard, not by page: pages differ between the translations, standards do not.
        """
        return f"Sphere 2018, {self.standard}: {self.says}"


SPHERE: Mapping[str, Figure] = MappingProxyType(
    {
        "water": Figure(
            standard="Water supply standard 2.1",
            says="minimum 15 litres per person per day",
        ),
        "water_survival": Figure(
            standard="Water supply standard 2.1, minimum basic survival water needs",
            says="7.5 to 15 litres per person per day in all",
        ),
        "food": Figure(
            standard="Food assistance standard 6.1 and nutrition appendix 6",
            says="2,100 kcal per person per day",
        ),
        "space": Figure(
            standard="Shelter and settlement standard 3",
            says="3.5 m² of living space per person, without cooking space, bathing and sanitation",
        ),
        "space_cold": Figure(
            standard="Shelter and settlement standard 3",
            says="4.5 to 5.5 m² of living space per person in cold climates",
        ),
        "bedding": Figure(
            standard="Shelter and settlement standard 4",
            says="one blanket and bedding per person",
        ),
        "bedding_cold": Figure(
            standard="Shelter and settlement standard 4",
            says="additional blankets in cold climates",
        ),
        "hygiene": Figure(
            standard="Hygiene promotion standard 1.2",
            says="250 g of soap for bathing and 200 g for laundry per person per month",
        ),
        "containers": Figure(
            standard="Hygiene promotion standard 1.2",
            says="two water containers of 10 to 20 litres per household",
        ),
        "cooking": Figure(
            standard="Shelter and settlement standard 4",
            says="cooking pots and utensils per household of four to five",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a figure becomes units of an item.

    `per_person_day` units a person a day; or `per_person` units a person, once; or one unit for
    `persons` people, for each `days` begun (None = once).
    """

    item_id: str
    figure: str
    packing: str = ""
    per_person_day: float | None = None
    per_person: float | None = None
    persons: int | None = None
    days: int | None = None
    units: int = 1


# Item -> rule by climate; survival water is chosen apart.
_KIT = "one kit a household of 5"
RULES: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        "water_l": {
            "temperate": Rule(item_id="water_l", figure="water", per_person_day=15.0),
        },
        "food_kit": {
            "temperate": Rule(
                item_id="food_kit",
                figure="food",
                packing=f"{_KIT} for each 7 days begun (our packing)",
                persons=HOUSEHOLD_SIZE,
                days=7,
            ),
        },
        "tent": {
            "temperate": Rule(
                item_id="tent",
                figure="space",
                packing="one family tent (16 m², 23 m² with its vestibules) for 5 people (as UNHCR "
                "and IFRC rate it)",
                persons=5,
            ),
            "cold": Rule(
                item_id="tent",
                figure="space_cold",
                packing="one family tent (16 m², 23 m² with its vestibules) for 4 people (our "
                "choice)",
                persons=4,
            ),
        },
        "blanket": {
            "temperate": Rule(item_id="blanket", figure="bedding", per_person=1.0),
            "cold": Rule(
                item_id="blanket",
                figure="bedding_cold",
                packing="two a person (our choice; Sphere gives no number)",
                per_person=2.0,
            ),
        },
        "hygiene_kit": {
            "temperate": Rule(
                item_id="hygiene_kit",
                figure="hygiene",
                packing=f"{_KIT} for each 30 days begun (our packing)",
                persons=HOUSEHOLD_SIZE,
                days=30,
            ),
        },
        "jerrycan": {
            "temperate": Rule(
                item_id="jerrycan",
                figure="containers",
                packing="two a household of 5",
                persons=HOUSEHOLD_SIZE,
                units=2,
            ),
        },
        "sleeping_mat": {
            "temperate": Rule(item_id="sleeping_mat", figure="bedding", per_person=1.0),
        },
        "kitchen_set": {
            "temperate": Rule(
                item_id="kitchen_set",
                figure="cooking",
                packing="one set a household of 5 (our packing)",
                persons=HOUSEHOLD_SIZE,
            ),
        },
    }
)
SURVIVAL_WATER = Rule(
    item_id="water_l",
    figure="water_survival",
    packing="the lower bound is taken",
    per_person_day=7.5,
)
FIRST_NEEDS = ("water_l", "food_kit", "tent", "blanket", "hygiene_kit")


def needs_for(
    affected_people: pd.Series | float,
    *,
    days: int = 1,
    climate: Climate = "temperate",
    standard: Standard = "sphere",
    items: Sequence[str] = FIRST_NEEDS,
) -> pd.DataFrame:
    """Quantities of each item that people who lost their home need.

    Parameters
    ----------
    affected_people
        People a place, indexed by place; or one number. NaN means nobody knows: such a place gets
        no rows, which is not the same as needing nothing.
    days
        For how many days water, food and hygiene are to last, 1 to 365.
    climate
        ``cold``: more space and blankets.
    standard
        ``survival``: the least water for the first days; all else as ``sphere``.
    items
        Items to reckon, of `RULES`.

    Returns
    -------
    pandas.DataFrame
        A row a place and item: `place` (index value), `item`, `quantity` (whole units, rounded up
        a place), `unit`, `basis` (the cited standard and our packing). Places in the given order.

    Raises
    ------
    RuleError
        Negative or infinite people, days out of range, an unknown climate or standard.
    UnknownIdError
        An item without a rule.
    """
    people = _people(affected_people)
    _require(days, climate, standard, items)
    known = people[people.notna() & (people > 0)]
    # 10.000000001 people from a share are ten people, not eleven.
    persons = np.round(known.to_numpy(dtype=np.float64), 6)
    units = catalogue()
    rows = []
    for order, item_id in enumerate(items):
        rule = rule_for(item_id, climate=climate, standard=standard)
        rows.append(
            pd.DataFrame(
                {
                    "place": known.index,
                    "item": item_id,
                    "quantity": _quantity(rule, persons, days),
                    "unit": units[item_id].unit,
                    "basis": basis(rule, days),
                    "place_order": np.arange(len(known)),
                    "item_order": order,
                }
            )
        )
    table = pd.concat(rows, ignore_index=True).sort_values(["place_order", "item_order"])
    return table[list(COLUMNS)].reset_index(drop=True)


def rule_for(item_id: str, *, climate: Climate, standard: Standard) -> Rule:
    """Find the rule of an item in a climate and by a standard."""
    if item_id == "water_l" and standard == "survival":
        return SURVIVAL_WATER
    rules = RULES[item_id]
    return rules.get(climate, rules["temperate"])


# So many people that rounding up to whole kits changes nothing.
_MANY = 1_000_000.0


def persons_per_unit(item_ids: Sequence[str]) -> dict[str, float]:
    """Say how many people one unit serves for a day (or for good, if it lasts), by the standard.

    A litre of water serves a fifteenth of a person's day, a tent five people. Items without a rule
    serve what the catalogue says; those that it does not know count as one person a unit.
    """
    listed = catalogue()
    known = [item for item in item_ids if item in RULES]
    found = needs_for(_MANY, items=known) if known else None
    served = (
        {} if found is None else dict(zip(found["item"], _MANY / found["quantity"], strict=True))
    )
    return {
        item: float(served.get(item) or (item in listed and listed[item].persons_per_unit) or 1.0)
        for item in item_ids
    }


def basis(rule: Rule, days: int) -> str:
    """What a quantity rests on, in one line."""
    parts = [SPHERE[rule.figure].cited()]
    if rule.packing:
        parts.append(rule.packing)
    if rule.per_person_day is not None or rule.days is not None:
        parts.append(f"{days} day{'' if days == 1 else 's'}")
    return "; ".join(parts)


def needs_markdown() -> str:
    """Write the table of all rules for `docs/needs.md`."""
    lines = [
        "| item | climate, standard | what Sphere says | what we assume |",
        "|---|---|---|---|",
    ]
    for item_id, rules in RULES.items():
        shown = [(climate, rule) for climate, rule in rules.items()]
        if item_id == "water_l":
            shown.append(("survival", SURVIVAL_WATER))
        for climate, rule in shown:
            name = "all" if len(rules) == 1 and climate == "temperate" else climate
            name = "sphere" if item_id == "water_l" and climate == "temperate" else name
            lines.append(
                f"| `{item_id}` | {name} | {SPHERE[rule.figure].cited()} | "
                f"{rule.packing or 'nothing more'} |"
            )
    return "\n".join(lines) + "\n"


def _people(given: pd.Series | float) -> pd.Series:
    people = given if isinstance(given, pd.Series) else pd.Series([given], dtype="float64")
    numbers = pd.to_numeric(people, errors="coerce").astype("float64")
    wrong = numbers[(numbers < 0) | np.isinf(numbers)]
    if len(wrong) or (numbers.isna() & people.notna()).any():
        value = wrong.iloc[0] if len(wrong) else people[numbers.isna() & people.notna()].iloc[0]
        raise RuleError(
            f"affected people {value}",
            "a number of 0 or more is needed, or nothing where nobody knows",
            "correct the people of the place",
        )
    return numbers


def _require(days: int, climate: str, standard: str, items: Sequence[str]) -> None:
    if not 1 <= days <= DAYS_MAX:
        raise RuleError(f"{days} days", f"1 to {DAYS_MAX} days are needed", "correct the days")
    for given, allowed, what in ((climate, CLIMATES, "climate"), (standard, STANDARDS, "standard")):
        if given not in allowed:
            raise RuleError(f"{what} {given!r}", f"one of {', '.join(allowed)}", f"correct {what}")
    unknown = [item for item in items if item not in RULES]
    if unknown or not items:
        raise UnknownIdError(
            f"items {', '.join(unknown) or 'none'}",
            f"there are rules for {', '.join(RULES)}",
            "name some of these",
        )


def _quantity(rule: Rule, persons: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    if rule.per_person_day is not None:
        return np.ceil(np.round(persons * rule.per_person_day * days, 6))
    if rule.per_person is not None:
        return np.ceil(np.round(persons * rule.per_person, 6))
    times = 1 if rule.days is None else -(-days // rule.days)
    return np.ceil(persons / (rule.persons or 1)) * times * rule.units
