"""The desk: what the page and the HTTP interface ask, and nothing else.

They know this protocol and not the store behind it, so they are tested with a small situation in
memory. The real one is `dashboard.situation_desk`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import threading
    from datetime import datetime
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from dashboard.operations.advising import Advice
    from dashboard.operations.past import Known
    from dashboard.operations.picture import Picture
    from dashboard.operations.receiving import Received
    from dashboard.operations.situation import SituationInfo
    from dashboard.operations.templating import Form
    from dashboard.operations.tiles import RasterLayer
    from dashboard.operations.vector_layers import VectorLayer
    from data.store.records import LayerRecord, UploadRecord
    from geo.model import Vehicle

Progress = Callable[[float, str], None]
Layer = tuple[str, "gpd.GeoDataFrame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrganisation:
    """For whom somebody speaks: empty where for nobody; `fixed` where for no other."""

    name: str = ""
    fixed: bool = False


class Desk(Protocol):
    """A situation as its screens see it. Every method may raise `geo.errors.QafilaError`."""

    def may(self, method: str) -> bool:
        """Whether the visitor may call this method of the desk: else its button is not drawn."""
        ...

    def own_organisation(self) -> OwnOrganisation:
        """The organisation that the visitor signed in for."""
        ...

    def organisation_name(self, organisation_id: str) -> str:
        """Name of an organisation, empty for an id that nobody has."""
        ...

    def known(self) -> Known | None:
        """Up to where this desk knows; None: all that is known now."""
        ...

    def as_of(self, moment: str) -> Desk:
        """Give the desk as of an earlier moment: an event's number, or a time; it only looks."""
        ...

    def seq(self) -> int:
        """Number of the last event: cheap, asked often."""
        ...

    def last_event_at(self) -> datetime:
        """When the last event was recorded, by the clock of the server."""
        ...

    def info(self) -> SituationInfo:
        """Name, notice, area, working CRS, time zone."""
        ...

    def now(self) -> datetime:
        """The present moment of the situation (a drill may hold its own clock)."""
        ...

    def picture(self) -> Picture:
        """The state of everything at the last event."""
        ...

    def roads_layer(self) -> Layer | None:
        """Key and edges of the road network; None where none was loaded."""
        ...

    def areas_layer(self) -> Layer | None:
        """Key and polygons of the ground that was analysed; None where none was loaded."""
        ...

    def boundaries_layer(self) -> Layer | None:
        """Key and polygons of the administrative units; None where none were loaded."""
        ...

    def hint_layer(self) -> Layer | None:
        """Key and outlines of the newest hint, with `score` and `high`; None without one."""
        ...

    def raster_layers(self) -> tuple[RasterLayer, ...]:
        """Relief, pictures and damage rasters that the map can show, from the ground up."""
        ...

    def raster_tile(self, key: str, z: int, x: int, y: int) -> bytes:
        """A tile of one of these as PNG."""
        ...

    def vector_layers(self) -> tuple[VectorLayer, ...]:
        """Roads, buildings and units that the map shows from tiles, from the ground up."""
        ...

    def vector_file(self, key: str) -> Path:
        """The tiles of one of these, made the first time."""
        ...

    def road_near(
        self, lon: float, lat: float, *, reach_m: float, zoom: float
    ) -> dict[str, Any] | None:
        """The road that a click on the map means, or None."""
        ...

    def road_piece(self, edge_id: str) -> dict[str, Any]:
        """A piece of road as the map draws it."""
        ...

    def item_name(self, item_id: str) -> str:
        """What a person calls an item."""
        ...

    def item_ids(self) -> list[str]:
        """Items that may lack and come in: those of the catalogue, then those of people."""
        ...

    def close_road(
        self,
        *,
        edges: Sequence[str],
        classes: Sequence[str],
        state: str,
        until: datetime | None,
        source: str,
        reason: str,
        confidence: float = 1.0,
        max_weight_t: float | None = None,
    ) -> dict[str, Any]:
        """Record a closure; gives the JSON of the contract's `close`."""
        ...

    def suppose_closed(
        self,
        edges: Sequence[str],
        *,
        classes: Sequence[str],
        state: str,
        max_weight_t: float | None = None,
    ) -> dict[str, Any]:
        """Who would be cut off or later if these edges were closed; the JSON of `diff --roads`."""
        ...

    def isochrones(
        self, vehicle_class: str, minutes: Sequence[float], *, progress: Progress | None = None
    ) -> dict[str, Any]:
        """How far a class gets, with and without the closures; the polygons are in `shapes`."""
        ...

    def network(self) -> dict[str, Any]:
        """What the roads are like, with the gaps on offer; the JSON of `roads`."""
        ...

    def join_gaps(self, gaps: Sequence[str], *, source: str) -> dict[str, Any]:
        """Record that roads meet which stop just before each other."""
        ...

    def part_gaps(self, joint_id: str) -> None:
        """Make gaps again of what was joined."""
        ...

    def reopen_road(self, closure_id: str, *, source: str) -> dict[str, Any]:
        """Record that a closure no longer holds."""
        ...

    def make_plan(
        self,
        *,
        seconds: float | None = None,
        fairness: float = 0.5,
        terms: Mapping[str, Sequence[str]] | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Plan convoys for the open needs under the closures in force; the contract's JSON.

        `terms` are written as for `plan_terms.read_terms`.
        """
        ...

    def replan(
        self,
        *,
        at: datetime | None = None,
        seconds: float | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Plan the rest of the day anew from a moment on; what left or is locked stays."""
        ...

    def plan_again(
        self, *, progress: Progress | None = None, stop: threading.Event | None = None
    ) -> dict[str, Any]:
        """Plan after a change: the rest of the day, or the next day once that is over."""
        ...

    def put_plan_in_force(self, plan_id: str) -> dict[str, Any]:
        """Have an earlier plan count again instead of the newest."""
        ...

    def set_vehicle_available(self, vehicle_id: str, *, available: bool) -> dict[str, Any]:
        """Take a vehicle out of service, or back."""
        ...

    def vehicles_out(self) -> list[Vehicle]:
        """The vehicles that are out of service."""
        ...

    def loading_list(self, plan_id: str, convoy_id: str) -> list[dict[str, Any]]:
        """What goes into the vehicle of a convoy, in the order of loading."""
        ...

    def set_lock(self, convoy_id: str, *, locked: bool) -> dict[str, Any]:
        """Have a convoy of the newest plan stay at a re-plan, or no longer."""
        ...

    def zipped_plan(
        self,
        plan_id: str,
        *,
        convoys: Sequence[str],
        formats: Sequence[str],
        language: str,
        contacts: Mapping[str, str],
        progress: Progress | None = None,
    ) -> bytes:
        """The files of `qafila export` as one zip; of all convoys where none is named."""
        ...

    def convoys_heard(self) -> list[dict[str, Any]]:
        """When each convoy was heard last and what it said, the newest first."""
        ...

    def positions(self, *, exact: bool) -> list[dict[str, Any]]:
        """Where vehicles and volunteers were last; the middle of a coarse cell unless `exact`."""
        ...

    def field_links(self) -> list[dict[str, Any]]:
        """The links that were given to convoys, the newest first; no token stands in them."""
        ...

    def give_field_link(self, convoy_id: str, *, at: str) -> dict[str, Any]:
        """The link by which a convoy answers; the same one as long as it holds."""
        ...

    def revoke_field_links(self, convoy_id: str) -> dict[str, Any]:
        """Make the links of a convoy worth nothing at once."""
        ...

    def assessment(self) -> dict[str, Any] | None:
        """The newest assessment as the contract's JSON, or None."""
        ...

    def assess(self, *, progress: Progress | None = None) -> dict[str, Any]:
        """Assess all places with what is loaded now; the contract's JSON."""
        ...

    def place_sheet(self, place_id: str) -> dict[str, Any]:
        """Everything that is known of one place; the JSON of `place`."""
        ...

    def who_does_what(self) -> dict[str, pd.DataFrame]:
        """Activities, overlaps, gaps, communes and places without an actor, as tables."""
        ...

    def situation_report(self, form: str, *, tongue: str) -> bytes:
        """The situation report (``html``, ``pdf`` or ``short``) in a language, not kept."""
        ...

    def give_report(self, form: str, *, tongue: str) -> bytes:
        """The same, kept in the archive and the ledger: it is given out."""
        ...

    def outlook(self, *, climate: str = "temperate") -> tuple[list[Advice], dict[str, Any]]:
        """What to do next, and the forecast of needs and stock that part of it rests on."""
        ...

    def indicators(self) -> dict[str, Any]:
        """All indicators with their trend."""
        ...

    def indicator_rows(self, indicator_id: str) -> pd.DataFrame:
        """The rows behind an indicator."""
        ...

    def layers(self) -> list[LayerRecord]:
        """The layers of evidence on damage that are loaded, in the order in which they came."""
        ...

    def graded_closures(self, *, dry_run: bool) -> dict[str, Any]:
        """The closures that graded roads propose; recorded unless it is a dry run."""
        ...

    def clear_first(
        self,
        *,
        vehicle_class: str,
        crews: int,
        hours: float,
        by: str,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Which blockage to open first; the JSON of `clear-first`."""
        ...

    def risk(
        self, *, vehicle_class: str, hours: float, worlds: int, progress: Progress | None = None
    ) -> dict[str, Any]:
        """How likely each place is reached; the JSON of `risk`."""
        ...

    def plans(self) -> list[tuple[str, datetime]]:
        """Ids of the recorded plans and when they were made, the newest first."""
        ...

    def diff(self, plan_a: str, plan_b: str) -> dict[str, Any]:
        """Who gains and who loses if plan B takes the place of plan A; the contract's JSON."""
        ...

    def upload(
        self,
        kind: str,
        name: str,
        content: bytes,
        *,
        organisation: str,
        dry_run: bool,
        add_places: bool,
        columns: Mapping[str, str],
        later_dump: bool | None = None,
        progress: Progress | None = None,
    ) -> Received:
        """Take in a table, or say what would become of it."""
        ...

    def stock_and_money(self) -> dict[str, Any]:
        """What lies where, moved, was counted and paid, as it was at one event."""
        ...

    def book_stock(
        self, handling: str, fields: Mapping[str, str], *, organisation: str, at: str, note: str
    ) -> dict[str, Any]:
        """Book a handling of goods or money; gives its slip. "" for `at` is now."""
        ...

    def report_delivery(
        self, fields: Mapping[str, str], *, organisation: str, at: str, note: str
    ) -> dict[str, Any]:
        """Book what arrived at a place."""
        ...

    def undo_stock(self, slip_id: str) -> dict[str, Any]:
        """Take back one handling as a whole."""
        ...

    def ledger_head(self) -> dict[str, Any]:
        """The signed head of the ledger as it is now."""
        ...

    def verify_ledger(
        self, *, heads: Sequence[str], signer: str = "", progress: Progress | None = None
    ) -> dict[str, Any]:
        """Check the whole ledger; the JSON of `verify`."""
        ...

    def prove_event(self, event: str, *, against: str = "") -> dict[str, Any]:
        """Prove that one event is in the ledger without showing the others."""
        ...

    def access_overview(self) -> dict[str, Any]:
        """Accounts, keys, organisations, rights of roles and vehicle classes."""
        ...

    def manage_access(self, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Change one of these; gives a secret that was made, and what undoes it."""
        ...

    def uploads(self) -> list[UploadRecord]:
        """The tables that came, in their order."""
        ...

    def sheet_template(self, kind: str, form: Form, *, tongue: str) -> tuple[str, bytes]:
        """Name and content of an empty sheet, or of a form for KoBo and ODK, in a language."""
        ...

    def shared_file(self, table: str, form: str, *, tongue: str) -> tuple[str, bytes]:
        """Name and content of a table that goes back to organisations, with hashtags and codes."""
        ...

    def undo(self, upload_id: str) -> dict[str, Any]:
        """Take back what came with an upload."""
        ...

    def needs_book(self) -> dict[str, Any]:
        """All needs with status and source, what is told twice, what is in quarantine."""
        ...

    def need_history(self, need_id: str) -> dict[str, Any]:
        """Who said what of a need when, down to file, sheet, row and cell."""
        ...

    def need_contact(self, need_id: str) -> dict[str, Any]:
        """Name, phone and position of who asked for a need, as far as they are kept."""
        ...

    def group_counts(self, place_id: str) -> list[dict[str, Any]]:
        """The newest count of each group of people in a place, small numbers withheld."""
        ...

    def exact_group_counts(self, place_id: str) -> list[dict[str, Any]]:
        """The same with the small numbers."""
        ...

    def count_group(
        self,
        *,
        place: str,
        group: str,
        count: int,
        referred: int,
        organisation: str,
        note: str = "",
    ) -> dict[str, Any]:
        """Record how many people of a group live in a place; gives the count."""
        ...

    def tell_need(
        self,
        *,
        place: str,
        item: str,
        quantity: str,
        organisation: str,
        reported_from: str = "",
        note: str = "",
    ) -> dict[str, Any]:
        """Record a need that somebody told; gives its payload."""
        ...

    def withdraw_need(self, need_id: str) -> dict[str, Any]:
        """Take back a need that was told by hand."""
        ...

    def say_of_needs(
        self, need_ids: Sequence[str], status: str, *, by: str = "", note: str = ""
    ) -> dict[str, Any]:
        """Record what somebody found out of needs; ``reported`` takes it back."""
        ...

    def mark_rumour(
        self, need_ids: Sequence[str], *, rumour: bool, note: str = ""
    ) -> dict[str, Any]:
        """Mark needs as hearsay, or take the mark off."""
        ...

    def merge_needs(
        self, kept_id: str, need_ids: Sequence[str], *, reason: str = ""
    ) -> dict[str, Any]:
        """Let one report speak for others; gives the merge that `part_needs` takes back."""
        ...

    def merge_equal_needs(self) -> dict[str, Any]:
        """Let one report speak for those that are equal to it, by rule."""
        ...

    def part_needs(self, merge_id: str) -> dict[str, Any]:
        """Let each report of a merge stand for itself again."""
        ...

    def set_need_trust(self, *, unverified_share: float, pending: str) -> dict[str, Any]:
        """Set how much of what nobody verified may enter a plan (0 to 1)."""
        ...

    def tasks_book(self) -> dict[str, Any]:
        """What is to be done and how many are at work; nothing of single volunteers."""
        ...

    def volunteers_book(self) -> dict[str, Any]:
        """Volunteers by code, who is at work, tasks, hours and papers."""
        ...

    def suggest_volunteers(self, task: str, *, progress: Progress | None = None) -> dict[str, Any]:
        """Whom to ask for a task and why; nobody is asked by it."""
        ...

    def volunteer_contact(self, volunteer_id: str) -> dict[str, Any]:
        """Name and phone of a volunteer, as far as they are kept."""
        ...

    def manage_volunteers(
        self, action: str, fields: Mapping[str, Any], *, only: str | None = None
    ) -> dict[str, Any]:
        """Register, post, ask, check in and out, approve, certify; says how to undo it."""
        ...

    def small_questions(self) -> dict[str, Any]:
        """Small questions, how their answers stand, and how well each volunteer answers."""
        ...

    def next_question(self, volunteer_id: str) -> dict[str, Any]:
        """The question that a volunteer should answer next, with its pictures."""
        ...

    def check_certificate(self, code: str) -> dict[str, Any]:
        """Whether a certificate of hours is one of this ledger and still holds."""
        ...
