"""The desk of a real situation: a thin door to the use cases in `dashboard.operations`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from dashboard.desk import OwnOrganisation
from dashboard.exchange_desk import ExchangeDesk
from dashboard.field_desk import FieldDesk
from dashboard.needs_desk import NeedsDesk
from dashboard.office_desk import OfficeDesk
from dashboard.people_desk import PeopleDesk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

    from dashboard.desk import Layer, Progress
    from dashboard.operations.advising import Advice
    from dashboard.operations.past import Known
    from dashboard.operations.picture import Picture
    from dashboard.operations.receiving import Received
    from dashboard.operations.situation import Situation, SituationInfo
    from dashboard.operations.tiles import RasterLayer
    from dashboard.operations.vector_layers import VectorLayer
    from dashboard.past_desk import PastDesks
    from data.events.reports import ReportForm
    from data.needs import Climate
    from data.store.records import LayerRecord, UploadRecord
    from geo.model import Vehicle, VehicleClassName
    from routing.clearance import Measure


class SituationDesk(OfficeDesk, NeedsDesk, ExchangeDesk, PeopleDesk, FieldDesk):
    """The desk of the situation in a folder, opened when it is first asked for something.

    A folder without a situation raises `NoSituationError` at each question, until there is one: the
    page can say what to do first, and goes on by itself when it was done.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._situation: Situation | None = None
        self._lock = threading.Lock()
        self._pasts: PastDesks | None = None
        # One plan at a time: two would both be made from the state before the other.
        self._planning = threading.Lock()

    def situation(self) -> Situation:
        """Open the situation, or give the one that is open."""
        from dashboard.operations.situation import Situation

        with self._lock:
            if self._situation is None:
                self._situation = Situation.open(self.home)
            return self._situation

    def close(self) -> None:
        """Release the store."""
        with self._lock:
            if self._situation is not None:
                self._situation.close()
                self._situation = None

    def may(self, method: str) -> bool:
        """Who stands at the desk itself may do everything."""
        return hasattr(self, method)

    def own_organisation(self) -> OwnOrganisation:
        """Who stands at the desk itself speaks for whom they say."""
        return OwnOrganisation()

    def organisation_name(self, organisation_id: str) -> str:
        """Name of an organisation, empty for an id that nobody has."""
        known = self.situation().store.organisations()
        return next((one.name for one in known if one.organisation_id == organisation_id), "")

    def known(self) -> Known | None:
        """Up to where this desk knows; None: all that is known now."""
        return None

    def as_of(self, moment: str) -> SituationDesk:
        """Give the desk as of an earlier moment: an event's number, or a time."""
        from dashboard.past_desk import PastDesks

        with self._lock:
            if self._pasts is None:
                self._pasts = PastDesks()
            pasts = self._pasts
        return pasts.at(self, moment)

    def seq(self) -> int:
        """Number of the last event."""
        return self.situation().picture_seq()

    def last_event_at(self) -> datetime:
        """When the last event was recorded, by the clock of the server."""
        return self.situation().store.head().recorded_at

    def info(self) -> SituationInfo:
        """Name, notice, area, working CRS, time zone."""
        return self.situation().info()

    def now(self) -> datetime:
        """The present moment of the situation."""
        return self.situation().now()

    def picture(self) -> Picture:
        """The state of everything at the last event."""
        from dashboard.operations.picture import picture

        return picture(self.situation())

    def roads_layer(self) -> Layer | None:
        """Key and edges of the road network."""
        from dashboard.operations.roads import roads_layer

        situation = self.situation()
        return roads_layer(situation) if situation.store.layers("roads") else None

    def areas_layer(self) -> Layer | None:
        """Key and polygons of the ground that was analysed."""
        from dashboard.operations.picture import areas_layer

        return areas_layer(self.situation())

    def boundaries_layer(self) -> Layer | None:
        """Key and polygons of the administrative units."""
        from dashboard.operations.picture import boundaries_layer

        return boundaries_layer(self.situation())

    def hint_layer(self) -> Layer | None:
        """Key and outlines of the newest hint."""
        from dashboard.operations.picture import hint_layer

        return hint_layer(self.situation())

    def raster_layers(self) -> tuple[RasterLayer, ...]:
        """Rasters that the map can show."""
        from dashboard.operations.tiles import raster_layers

        return raster_layers(self.situation())

    def raster_tile(self, key: str, z: int, x: int, y: int) -> bytes:
        """A tile of a raster as PNG."""
        from dashboard.operations.tiles import raster_tile

        return raster_tile(self.situation(), key, z, x, y)

    def vector_layers(self) -> tuple[VectorLayer, ...]:
        """Layers that the map shows from vector tiles."""
        from dashboard.operations.vector_layers import vector_layers

        return vector_layers(self.situation())

    def vector_file(self, key: str) -> Path:
        """The tiles of one of these."""
        from dashboard.operations.vector_layers import vector_file

        return vector_file(self.situation(), key)

    def road_near(
        self, lon: float, lat: float, *, reach_m: float, zoom: float
    ) -> dict[str, Any] | None:
        """The road that a click on the map means, or None."""
        from dashboard.operations.road_picking import road_near

        situation = self.situation()
        if not situation.store.layers("roads"):
            return None
        return road_near(
            situation.roads(), lon, lat, crs=situation.crs(), reach_m=reach_m, zoom=zoom
        )

    def road_piece(self, edge_id: str) -> dict[str, Any]:
        """A piece of road as the map draws it."""
        from dashboard.operations.road_picking import road_piece

        return road_piece(self.situation().roads(), edge_id)

    def item_name(self, item_id: str) -> str:
        """What a person calls an item, in the language of this run."""
        from dashboard.languages import language
        from dashboard.operations.goods import item_title

        return item_title(self.situation(), item_id, language())

    def item_ids(self) -> list[str]:
        """Items of the catalogue, then those that people registered."""
        from dashboard.operations.goods import relief_items

        return list(relief_items(self.situation()))

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
        """Record a closure."""
        from dashboard.operations.roads import close_road

        return close_road(
            self.situation(),
            edges=edges,
            classes=classes,
            state=state,
            until=until,
            source=source,
            reason=reason,
            confidence=confidence,
            max_weight_t=max_weight_t,
        )

    def suppose_closed(
        self,
        edges: Sequence[str],
        *,
        classes: Sequence[str],
        state: str,
        max_weight_t: float | None = None,
    ) -> dict[str, Any]:
        """Who would be cut off or later if these edges were closed."""
        from dashboard.operations.comparing_roads import diff_roads, supposed_closure

        situation = self.situation()
        closure = supposed_closure(
            situation,
            edges,
            classes=cast("Sequence[VehicleClassName]", classes),
            state=state,
            max_weight_t=max_weight_t,
        )
        return diff_roads(situation, supposed=[closure])

    def isochrones(
        self, vehicle_class: str, minutes: Sequence[float], *, progress: Progress | None = None
    ) -> dict[str, Any]:
        """How far a class gets, with and without the closures."""
        from dashboard.operations.isochrones import make_isochrones
        from dashboard.operations.situation import silent

        return make_isochrones(
            self.situation(),
            cast("VehicleClassName", vehicle_class),
            minutes,
            with_shapes=True,
            progress=progress or silent,
        )

    def network(self) -> dict[str, Any]:
        """What the roads are like, with the gaps on offer."""
        from dashboard.operations.road_network import describe_roads

        return describe_roads(self.situation())

    def join_gaps(self, gaps: Sequence[str], *, source: str) -> dict[str, Any]:
        """Record that roads meet which stop just before each other."""
        from dashboard.operations.road_gaps import join_gaps

        return join_gaps(self.situation(), gaps, source=source)

    def part_gaps(self, joint_id: str) -> None:
        """Make gaps again of what was joined."""
        from dashboard.operations.road_gaps import part_gaps

        part_gaps(self.situation(), joint_id)

    def reopen_road(self, closure_id: str, *, source: str) -> dict[str, Any]:
        """Record that a closure no longer holds."""
        from dashboard.operations.roads import reopen_road

        return reopen_road(self.situation(), closure_id, source=source)

    def make_plan(
        self,
        *,
        seconds: float | None = None,
        fairness: float = 0.5,
        terms: Mapping[str, Sequence[str]] | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Plan convoys for the open needs under the closures in force."""
        from dashboard.operations.plan_terms import read_terms
        from dashboard.operations.planning import make_plan

        with self._planning:
            return make_plan(
                self.situation(),
                terms=read_terms(self.situation(), **dict(terms or {})),
                seed=1,
                seconds=seconds,
                fairness=fairness,
                progress=progress,
                stop=stop,
            )

    def replan(
        self,
        *,
        at: datetime | None = None,
        seconds: float | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Plan the rest of the day anew from a moment on."""
        from dashboard.operations.replanning import replan

        with self._planning:
            return replan(self.situation(), at=at, seconds=seconds, progress=progress, stop=stop)

    def plan_again(
        self, *, progress: Progress | None = None, stop: threading.Event | None = None
    ) -> dict[str, Any]:
        """Plan after a change."""
        from dashboard.operations.replanning import plan_again

        with self._planning:
            return plan_again(self.situation(), progress=progress, stop=stop)

    def put_plan_in_force(self, plan_id: str) -> dict[str, Any]:
        """Have an earlier plan count again."""
        from dashboard.operations.restoring import put_in_force

        with self._planning:
            return put_in_force(self.situation(), plan_id)

    def set_vehicle_available(self, vehicle_id: str, *, available: bool) -> dict[str, Any]:
        """Take a vehicle out of service, or back."""
        from dashboard.operations.fleet import set_available

        return set_available(self.situation(), vehicle_id, available=available)

    def vehicles_out(self) -> list[Vehicle]:
        """The vehicles that are out of service."""
        from dashboard.operations.fleet import out_of_service

        return out_of_service(self.situation())

    def loading_list(self, plan_id: str, convoy_id: str) -> list[dict[str, Any]]:
        """What goes into the vehicle of a convoy, in the order of loading."""
        from dashboard.operations.loading_list import loading_list

        return loading_list(self.situation(), plan_id, convoy_id)

    def set_lock(self, convoy_id: str, *, locked: bool) -> dict[str, Any]:
        """Have a convoy of the newest plan stay at a re-plan, or no longer."""
        from dashboard.operations.replanning import set_lock

        return set_lock(self.situation(), convoy_id, locked=locked)

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
        """The files of an export as one zip."""
        from dashboard.operations.exporting import zipped_plan
        from dashboard.operations.situation import silent

        return zipped_plan(
            self.situation(),
            plan_id,
            convoys=convoys,
            formats=formats,
            language=language,
            contacts=contacts,
            progress=progress or silent,
        )

    def assessment(self) -> dict[str, Any] | None:
        """The newest assessment, or None."""
        from dashboard.operations.assessing import latest

        return latest(self.situation())

    def assess(self, *, progress: Progress | None = None) -> dict[str, Any]:
        """Assess all places with what is loaded now."""
        from dashboard.operations.assessing import assess
        from dashboard.operations.situation import silent

        return assess(self.situation(), progress=progress or silent)

    def place_sheet(self, place_id: str) -> dict[str, Any]:
        """Everything that is known of one place."""
        from dashboard.operations.place_sheet import place_sheet

        return place_sheet(self.situation(), place_id)

    def who_does_what(self) -> dict[str, pd.DataFrame]:
        """Activities, overlaps, gaps, communes and places without an actor, as tables."""
        from dashboard.operations.who_does_what import tables

        return tables(self.situation())

    def situation_report(self, form: str, *, tongue: str) -> bytes:
        """The situation report (``html``, ``pdf`` or ``short``) in a language, not kept."""
        from dashboard.operations.reporting import written_report

        situation = self.situation()
        key = ("report", situation.picture_seq(), form, tongue)
        form_ = cast("ReportForm", form)
        return situation.remember(key, lambda: written_report(situation, form_, tongue=tongue))

    def give_report(self, form: str, *, tongue: str) -> bytes:
        """The same, kept in the archive and the ledger: it is given out."""
        from dashboard.operations.reporting import written_report

        return written_report(self.situation(), cast("ReportForm", form), tongue=tongue, keep=True)

    def outlook(self, *, climate: str = "temperate") -> tuple[list[Advice], dict[str, Any]]:
        """What to do next, and the forecast of needs and stock that part of it rests on."""
        from dashboard.operations.advising import advise
        from dashboard.operations.forecasting import make_forecast

        situation = self.situation()
        key = ("outlook", situation.seq(), climate)

        def make() -> tuple[list[Advice], dict[str, Any]]:
            made = make_forecast(situation, climate=cast("Climate", climate))
            return advise(situation, made=made), made

        return situation.remember(key, make)

    def indicators(self) -> dict[str, Any]:
        """All indicators with their trend."""
        from dashboard.operations.measuring import indicators

        return indicators(self.situation(), trend=True)

    def indicator_rows(self, indicator_id: str) -> pd.DataFrame:
        """The rows behind an indicator."""
        from dashboard.operations.measuring import indicator_rows

        return indicator_rows(self.situation(), indicator_id)

    def layers(self) -> list[LayerRecord]:
        """The layers of evidence on damage that are loaded."""
        from dashboard.operations.assessing import EVIDENCE_KINDS

        return [one for one in self.situation().store.layers() if one.kind in EVIDENCE_KINDS]

    def graded_closures(self, *, dry_run: bool) -> dict[str, Any]:
        """The closures that graded roads propose."""
        from dashboard.operations.graded_closures import close_graded

        return close_graded(self.situation(), dry_run=dry_run)

    def clear_first(
        self,
        *,
        vehicle_class: str,
        crews: int,
        hours: float,
        by: str,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Which blockage to open first, and what each crew does."""
        from dashboard.operations.clearing import clear_first
        from dashboard.operations.situation import silent

        return clear_first(
            self.situation(),
            class_name=cast("VehicleClassName", vehicle_class),
            crews=crews,
            hours=hours,
            measure=cast("Measure", by),
            progress=progress or silent,
        )

    def risk(
        self, *, vehicle_class: str, hours: float, worlds: int, progress: Progress | None = None
    ) -> dict[str, Any]:
        """How likely each place is reached, and which roads decide it."""
        from dashboard.operations.risking import make_risk
        from dashboard.operations.situation import silent

        return make_risk(
            self.situation(),
            (cast("VehicleClassName", vehicle_class),),
            n_worlds=worlds,
            hours=hours,
            progress=progress or silent,
        )

    def plans(self) -> list[tuple[str, datetime]]:
        """Ids of the recorded plans and when they were made, the newest first."""
        made = self.situation().store.plans()
        return [(one.plan_id, one.recorded_at) for one in reversed(made)]

    def diff(self, plan_a: str, plan_b: str) -> dict[str, Any]:
        """Who gains and who loses if plan B takes the place of plan A."""
        from dashboard.operations.comparing import diff

        return diff(self.situation(), plan_a, plan_b)

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
        from dashboard.operations.receiving import receive

        return receive(
            self.situation(),
            kind,
            name,
            content,
            organisation=organisation,
            dry_run=dry_run,
            add_places=add_places,
            columns=columns,
            later_dump=later_dump,
            progress=progress,
        )

    def stock_and_money(self) -> dict[str, Any]:
        """What lies where, moved, was counted and paid."""
        from dashboard.operations.booking import stock_and_money

        return stock_and_money(self.situation())

    def book_stock(
        self, handling: str, fields: Mapping[str, str], *, organisation: str, at: str, note: str
    ) -> dict[str, Any]:
        """Book a handling of goods or money."""
        from dashboard.arguments import moment
        from dashboard.operations.booking import book
        from dashboard.operations.stockroom import Said

        said = Said(organisation=organisation, at=moment(at, "time"), note=note)
        return book(self.situation(), handling, fields, said)

    def report_delivery(
        self, fields: Mapping[str, str], *, organisation: str, at: str, note: str
    ) -> dict[str, Any]:
        """Book what arrived at a place."""
        return self.book_stock("deliver", fields, organisation=organisation, at=at, note=note)

    def undo_stock(self, slip_id: str) -> dict[str, Any]:
        """Take back one handling as a whole."""
        from dashboard.operations.stockroom import undo_slip

        return undo_slip(self.situation(), slip_id)

    def uploads(self) -> list[UploadRecord]:
        """The tables that came, in their order."""
        return self.situation().store.uploads()

    def undo(self, upload_id: str) -> dict[str, Any]:
        """Take back what came with an upload."""
        from dashboard.operations.uploads import undo

        return undo(self.situation(), upload_id)
