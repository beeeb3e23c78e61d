"""What the store answers: frozen values, made from rows of the projections.

Where the rest of the house has a value already (`geo.model`), it is that value or an extension of
it. `seq` is the event that last touched what is described; times are aware UTC.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from data.store.need_records import NeedRecord as NeedRecord  # noqa: TC001 - part of what is given
from data.store.schema import from_micro
from data.store.volunteering_records import (
    VolunteerRecord as VolunteerRecord,  # noqa: TC001 - part of what is given
)
from geo.model import Closure, Depot, Source, StockLine, Vehicle

if TYPE_CHECKING:
    from decimal import Decimal

    from data.events import ActivityStatus

Bounds: TypeAlias = tuple[float, float, float, float]
Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationRecord:
    """The situation; `bounds` (west, south, east, north) is None until a layer told the area."""

    situation_id: str
    name: str
    bounds: Bounds | None
    working_crs: str
    timezone: str
    notice: str
    drill: bool
    plays_at: datetime | None
    created_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRecord:
    """A layer; `files` gives the archive's ref of each of its files."""

    layer_id: str
    kind: str
    name: str
    files: dict[str, str]
    rows: int
    bounds: Bounds
    source: Source
    notes: tuple[str, ...]
    details: dict[str, Any]
    organisation_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRecord:
    """An organisation and how far it is recognised."""

    organisation_id: str
    name: str
    name_ar: str
    kind: str
    status: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageReportRecord:
    """A count of damage on the ground with who said so and when; `total` None = not said."""

    report_id: str
    place_id: str
    destroyed: int
    damaged: int
    total: int | None
    observed_at: datetime
    written_place: str
    match_score: float | None
    note: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPlace:
    """A place that somebody added; `people` None = not said."""

    place_id: str
    name: str
    name_ar: str
    kind: str
    lon: float
    lat: float
    commune: str
    commune_code: str
    people: int | None
    source: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAlias:
    """A written name that somebody confirmed for a place."""

    alias_id: str
    place_id: str
    written: str
    note: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureRecord(Closure):
    """A closure with who said so and when; `reopened_at` is None while it holds."""

    roads_sha256: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    reopened_at: datetime | None
    reopened_reason: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadJoint:
    """Gaps of a road layer that a person joined: `gaps` as `data.events.JoinedGap` has them."""

    joint_id: str
    layer_id: str
    gaps: tuple[Mapping[str, Any], ...]
    source: str
    reason: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRecord:
    """Who does what where; `actor` does it, `organisation_id` said so."""

    activity_id: str
    place_id: str
    actor: str
    funder: str
    sector: str
    activity: str
    item_id: str | None
    quantity: Decimal | None
    unit: str | None
    status: ActivityStatus
    starts_at: datetime | None
    ends_at: datetime | None
    people_reached: int | None
    households: int | None
    written_place: str
    match_score: float | None
    note: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    reported_at: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleChange:
    """What a cell knows better of vehicle classes, by class and field."""

    change_id: str
    changes: Mapping[str, Mapping[str, Any]]
    source: str
    reason: str
    organisation_id: str | None
    upload_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """An upload and what became of its rows."""

    upload_id: str
    kind: str
    file: str
    sha256: str
    accepted: int
    rejected: int
    organisation_id: str | None
    recorded_at: datetime
    undone: bool
    undone_at: datetime | None
    undone_reason: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRecord:
    """An assessment; `document` is the archive's ref of the whole."""

    assessment_id: str
    document: str
    based_on_seq: int
    summary: dict[str, Any]
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecord:
    """A situation report that was given out; `file` is the archive's."""

    report_id: str
    file: str
    form: str
    language: str
    based_on_seq: int
    since_seq: int
    organisation_id: str | None
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A plan; `document` and `problem` are refs of the archive."""

    plan_id: str
    document: str
    problem: str
    seed: int
    based_on_seq: int
    summary: dict[str, Any]
    recorded_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed after event `since` up to event `seq`.

    Each table gives its rows as they are now; `removed` gives, by the table's name, the ids of what
    no longer counts. Closures that were reopened and stock that is used up stand among the rows.
    """

    since: int
    seq: int
    situation: tuple[SituationRecord, ...] = ()
    layers: tuple[LayerRecord, ...] = ()
    organisations: tuple[OrganisationRecord, ...] = ()
    depots: tuple[Depot, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    volunteers: tuple[VolunteerRecord, ...] = ()
    stock: tuple[StockLine, ...] = ()
    needs: tuple[NeedRecord, ...] = ()
    damage_reports: tuple[DamageReportRecord, ...] = ()
    places: tuple[AddedPlace, ...] = ()
    place_aliases: tuple[PlaceAlias, ...] = ()
    closures: tuple[ClosureRecord, ...] = ()
    road_joints: tuple[RoadJoint, ...] = ()
    activities: tuple[ActivityRecord, ...] = ()
    vehicle_changes: tuple[VehicleChange, ...] = ()
    uploads: tuple[UploadRecord, ...] = ()
    assessments: tuple[AssessmentRecord, ...] = ()
    plans: tuple[PlanRecord, ...] = ()
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def situation_record(row: Row) -> SituationRecord:
    """Read a row of `situation`."""
    return SituationRecord(
        situation_id=row["situation_id"],
        name=row["name"],
        bounds=None if row["bounds"] is None else _bounds(row["bounds"]),
        working_crs=row["working_crs"],
        timezone=row["timezone"],
        notice=row["notice"],
        drill=row["drill"],
        plays_at=_maybe_time(row["plays_at"]),
        created_at=_time(row["recorded_at"]),
        seq=row["seq"],
    )


def layer_record(row: Row) -> LayerRecord:
    """Read a row of `layers`."""
    source = json.loads(row["source"])
    return LayerRecord(
        layer_id=row["layer_id"],
        kind=row["kind"],
        name=row["name"],
        files=json.loads(row["files"]),
        rows=row["rows"],
        bounds=_bounds(row["bounds"]),
        source=Source(**{**source, "at": _maybe_time(source["at"])}),
        notes=tuple(json.loads(row["notes"])),
        details=json.loads(row["details"]),
        organisation_id=row["organisation_id"],
        recorded_at=_time(row["recorded_at"]),
        seq=row["seq"],
    )


def organisation_record(row: Row) -> OrganisationRecord:
    """Read a row of `organisations`."""
    return OrganisationRecord(**_only(row, "organisation_id name name_ar kind status seq"))


def depot(row: Row) -> Depot:
    """Read a row of `depots`."""
    return Depot(**_only(row, "depot_id name name_ar lon lat active"))


def vehicle(row: Row) -> Vehicle:
    """Read a row of `vehicles`."""
    return Vehicle(
        organisation_id=row["organisation_id"] or "",
        **_only(row, "vehicle_id vehicle_class depot_id capacity_kg capacity_m3 name shift_s"),
        **_only(row, "speed_factor crew together"),
    )


def damage_report_record(row: Row) -> DamageReportRecord:
    """Read a row of `damage_reports`."""
    return DamageReportRecord(
        observed_at=_time(row["observed_at"]),
        recorded_at=_time(row["recorded_at"]),
        **_only(
            row,
            "report_id place_id destroyed damaged total written_place match_score note "
            "organisation_id upload_id seq",
        ),
    )


def added_place(row: Row) -> AddedPlace:
    """Read a row of `places`."""
    return AddedPlace(
        recorded_at=_time(row["recorded_at"]),
        **_only(
            row,
            "place_id name name_ar kind lon lat commune commune_code people source "
            "organisation_id upload_id seq",
        ),
    )


def place_alias(row: Row) -> PlaceAlias:
    """Read a row of `place_aliases`."""
    return PlaceAlias(
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "alias_id place_id written note organisation_id upload_id seq"),
    )


def closure_record(row: Row) -> ClosureRecord:
    """Read a row of `closures`."""
    return ClosureRecord(
        edges=tuple(json.loads(row["edges"])),
        classes=tuple(json.loads(row["classes"])),
        since=_maybe_time(row["since"]),
        until=_maybe_time(row["until"]),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        reopened_at=_maybe_time(row["reopened_at"]),
        **_only(
            row,
            "closure_id state confidence source reason max_weight_t roads_sha256 organisation_id "
            "upload_id reopened_reason seq",
        ),
    )


def road_joint(row: Row) -> RoadJoint:
    """Read a row of `road_joints`."""
    return RoadJoint(
        gaps=tuple(json.loads(row["gaps"])),
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "joint_id layer_id source reason organisation_id upload_id seq"),
    )


def activity(row: Row) -> ActivityRecord:
    """Read a row of `activities`."""
    micro = row["quantity_micro"]
    return ActivityRecord(
        quantity=None if micro is None else from_micro(micro),
        starts_at=_maybe_time(row["starts_at"]),
        ends_at=_maybe_time(row["ends_at"]),
        recorded_at=_time(row["recorded_at"]),
        reported_at=_maybe_time(row["reported_at"]),
        **_only(
            row,
            "activity_id place_id actor funder sector activity item_id unit status people_reached "
            "households written_place match_score note organisation_id upload_id seq",
        ),
    )


def vehicle_change(row: Row) -> VehicleChange:
    """Read a row of `vehicle_changes`."""
    return VehicleChange(
        changes=json.loads(row["changes"]),
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "change_id source reason organisation_id upload_id seq"),
    )


def upload_record(row: Row) -> UploadRecord:
    """Read a row of `uploads`."""
    return UploadRecord(
        recorded_at=_time(row["recorded_at"]),
        undone=row["undone_at"] is not None,
        undone_at=_maybe_time(row["undone_at"]),
        **_only(
            row, "upload_id kind file sha256 accepted rejected organisation_id undone_reason seq"
        ),
    )


def assessment_record(row: Row) -> AssessmentRecord:
    """Read a row of `assessments`."""
    return AssessmentRecord(
        summary=json.loads(row["summary"]),
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "assessment_id document based_on_seq seq"),
    )


def report_record(row: Row) -> ReportRecord:
    """Read a row of `reports`."""
    return ReportRecord(
        recorded_at=_time(row["recorded_at"]),
        **_only(
            row,
            "report_id file form language based_on_seq since_seq organisation_id seq",
        ),
    )


def plan_record(row: Row) -> PlanRecord:
    """Read a row of `plans`."""
    return PlanRecord(
        summary=json.loads(row["summary"]),
        recorded_at=_time(row["recorded_at"]),
        **_only(row, "plan_id document problem seed based_on_seq seq"),
    )


def _only(row: Row, names: str) -> dict[str, Any]:
    return {name: row[name] for name in names.split()}


def _bounds(text: str) -> Bounds:
    # Canonical JSON writes -8.0 as -8.
    west, south, east, north = map(float, json.loads(text))
    return west, south, east, north


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
