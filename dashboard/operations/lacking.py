"""What each place lacks: by the standard and by report, less what is left of deliveries."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dashboard.operations import goods
from data.consumption import daily_use, left_over
from data.need_trust import FULL_TRUST
from data.needs import CLIMATES, DAYS_MAX, RULES, STANDARDS, Climate, Standard, needs_for
from data.packs import can_be_parted
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.operations.situation import Situation
    from data.need_trust import Trust
    from geo.assessment import Assessment

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsPolicy:
    """For how many days, in which climate and by which standard of water needs are reckoned."""

    days: int = 1
    climate: Climate = "temperate"
    water: Standard = "sphere"

    def __post_init__(self) -> None:
        for given, allowed, option in (
            (self.climate, CLIMATES, "--climate"),
            (self.water, STANDARDS, "--water"),
        ):
            if given not in allowed:
                raise InputError(
                    f"{option} {given}", f"one of {', '.join(allowed)} is needed", "correct it"
                )
        if not 1 <= self.days <= DAYS_MAX:
            raise InputError(
                f"--days {self.days}", f"1 to {DAYS_MAX} days are needed", "correct it"
            )

    def as_json(self) -> dict[str, Any]:
        """Write it as it stands in an assessment."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What organisations say that a place lacks of an item.

    `verified` holds, for each organisation whose needs were verified, since when and how much.
    """

    quantity: float
    weight: float
    said: str
    verified: tuple[tuple[datetime, float], ...]


def policy_in_force(situation: Situation) -> NeedsPolicy:
    """Give the climate and standard of the newest assessment, for one day; else the defaults.

    So a plan reckons as the assessment did, without being told again.
    """
    made = situation.store.assessments()
    if not made:
        return NeedsPolicy()
    ref = made[-1].document
    document = situation.remember(("document", ref), lambda: situation.archive.get_json(ref))
    said = document.get("needs_policy", {})
    return NeedsPolicy(climate=said.get("climate", "temperate"), water=said.get("water", "sphere"))


def needs_of_places(
    situation: Situation,
    assessment: Assessment,
    *,
    now: datetime,
    policy: NeedsPolicy | None = None,
    trust: Trust = FULL_TRUST,
    told_by: datetime | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Give what each place lacks: the larger of what was reported and what the standard asks.

    A reported need counts while it is open and not expired. Several reports of one item for one
    place by different organisations speak of the same people, so the largest of them counts, not
    their sum. What is left of deliveries is taken off (`missing`): water, food and hygiene are used
    up since they came. What somebody verified is missing in full, less what came after it.
    Of a report as much counts as `trust` allows: all of it unless said. Reports that say that they
    were made after `told_by` do not count.
    """
    policy = policy or policy_in_force(situation)
    catalogue = goods.relief_items(situation)
    affected = assessment.places.set_index("place_id")["affected"]
    computed = _computed(assessment, policy)
    reported = _reported(situation, now=now, trust=trust, told_by=told_by)
    deliveries = _deliveries(situation)
    result: dict[str, list[dict[str, Any]]] = {}
    for key in sorted(computed.keys() | reported.keys()):
        place_id, item_id = key
        standard, report = computed.get(key), reported.get(key)
        asked = report.quantity if report else 0.0
        reckoned = standard[0] if standard else 0.0
        quantity = max(asked, reckoned)
        if quantity <= 0:
            continue
        came = deliveries.get(key, [])
        people = float(affected.get(place_id, 0.0))
        left = left_over(came, per_day=per_day(item_id, people, policy), now=now)
        verified = max(
            (
                amount - sum(brought for at, brought in came if since < at <= now)
                for since, amount in (report.verified if report else ())
            ),
            default=0.0,
        )
        unit = catalogue[item_id].unit if item_id in catalogue else ""
        basis = [report.said if report else "", standard[1] if standard else ""]
        result.setdefault(place_id, []).append(
            {
                "item": item_id,
                "quantity": quantity,
                "unit": unit,
                "basis": "; ".join(filter(None, basis)),
                "reported": asked,
                "computed": reckoned,
                "delivered": sum(amount for at, amount in came if at <= now),
                "left": round(left, 6),
                "last_delivery": max((at for at, amount in came if amount > 0), default=None),
                "missing": _handed_out(max(0.0, quantity - left, verified), unit),
                "weight": report.weight if report else 1.0,
            }
        )
    for rows in result.values():
        for row in rows:
            at = row["last_delivery"]
            row["last_delivery"] = None if at is None else at.isoformat()
    return result


def _handed_out(quantity: float, unit: str) -> float:
    """Round up to what can be handed out: a kit that is half used up is a kit to bring."""
    return quantity if can_be_parted(unit) else float(math.ceil(round(quantity, 6)))


def per_day(item_id: str, people: float, policy: NeedsPolicy) -> float:
    """Units used up in a day; nothing where nobody knows how many people use it."""
    if item_id not in RULES or not people > 0:
        return 0.0
    return daily_use(item_id, people, climate=policy.climate, standard=policy.water)


def _computed(assessment: Assessment, policy: NeedsPolicy) -> dict[Key, tuple[float, str]]:
    affected = assessment.places.set_index("place_id")["affected"]
    frame = needs_for(affected, days=policy.days, climate=policy.climate, standard=policy.water)
    return {
        (str(row.place), str(row.item)): (float(row.quantity), str(row.basis))
        for row in frame.itertuples(index=False)
        if row.quantity > 0
    }


def _reported(
    situation: Situation, *, now: datetime, trust: Trust, told_by: datetime | None
) -> dict[Key, Reported]:
    open_needs = [
        need
        for need in situation.store.needs()
        if (need.expires_at is None or need.expires_at > now)
        and (told_by is None or need.reported_at is None or need.reported_at <= told_by)
    ]
    names = {one.organisation_id: one.name for one in situation.store.organisations()}
    by_sender: dict[Key, dict[str, float]] = {}
    weights: dict[Key, float] = {}
    verified: dict[Key, dict[str, tuple[datetime, float]]] = {}
    current_place = situation.current_places()
    for need in open_needs:
        amount = trust.amount(need)
        if amount <= 0:
            continue
        key = (current_place(need.place_id), need.item_id)
        sender = names.get(need.organisation_id or "", "unknown")
        senders = by_sender.setdefault(key, {})
        senders[sender] = senders.get(sender, 0.0) + amount
        weights[key] = max(weights.get(key, 0.0), need.weight)
        if need.status == "verified":
            since = need.reported_at or need.recorded_at
            sure = verified.setdefault(key, {})
            if sender in sure:
                since, amount = min(since, sure[sender][0]), amount + sure[sender][1]
            sure[sender] = (since, amount)
    return {
        key: Reported(
            quantity=max(senders.values()),
            weight=weights[key],
            said="reported by "
            + ", ".join(f"{name}: {amount:g}" for name, amount in sorted(senders.items())),
            verified=tuple(verified.get(key, {}).values()),
        )
        for key, senders in by_sender.items()
    }


def _deliveries(situation: Situation) -> dict[Key, list[tuple[datetime, float]]]:
    """Give when how much of an item came to a place; what was taken away again is below 0."""
    found: dict[Key, list[tuple[datetime, float]]] = {}
    current_place = situation.current_places()
    for move in situation.store.movements():
        if move.taken_back:
            continue
        at = move.reported_at or move.recorded_at
        for account, sign in ((move.to_account, 1.0), (move.from_account, -1.0)):
            if account.startswith("place:"):
                amount = sign * float(move.quantity)
                key = (current_place(account), move.item_id)
                found.setdefault(key, []).append((at, amount))
    return found
