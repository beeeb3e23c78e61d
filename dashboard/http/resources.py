"""``/api/v1``, what can be read: needs, stock, closures, reach, plans, indicators, ledger."""

from __future__ import annotations

import itertools
from datetime import datetime  # noqa: TC003 - read at run time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from dashboard.http import models
from dashboard.http.answers import page, tagged
from dashboard.http.asking import Limit, Offset, asked, heavy, says
from dashboard.operations.sharing.files import MEDIA_TYPES
from dashboard.operations.sharing.layers import LAYER_TYPES
from geo.model import NeedStatus, VehicleClassName  # noqa: TC001 - read at run time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboard.http.asking import OpenSituation
    from data.store.records import ClosureRecord, NeedRecord

#: As `routing.exports` names them, and nothing else: it becomes part of a file's name.
FORMAT_NAMES = r"^[a-z0-9]{1,16}(,[a-z0-9]{1,16}){0,19}$"
LANGUAGE = r"^(en|fr|ar|zgh)$"
#: Lines of the ledger that are sent as one part.
LINES_AT_ONCE = 500
PlanId = Annotated[str, Path(pattern=r"^(latest|plan:[0-9A-Za-z_-]{1,80})$")]
Id = Annotated[str, Query(max_length=200, pattern=r"^\S*$")]


def readers(open_situation: OpenSituation) -> APIRouter:
    """Give the routes that change nothing."""
    routes = APIRouter()

    @routes.get("/needs", responses=says(models.NeedPage))
    def needs(
        request: Request,
        place_id: Id = "",
        item: Id = "",
        status: NeedStatus | None = None,
        open_only: bool = True,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Response:
        """List what places lack, the oldest report first."""
        with asked(request, "see"):
            found = [
                one
                for one in open_situation().store.needs(open_only=open_only)
                if (not place_id or one.place_id == place_id)
                and (not item or one.item_id == item)
                and (status is None or one.status == status)
            ]
            part = page(request, found, limit=limit, offset=offset)
            part["items"] = [need_row(one) for one in part["items"]]
            return tagged(request, part)

    @routes.get("/stock", responses=says(models.StockAnswer, 404))
    def stock(
        request: Request,
        depot: Annotated[str, Query(max_length=300)] = "",
        item: Annotated[str, Query(max_length=300)] = "",
        lots: bool = False,
    ) -> Response:
        """Say what depots hold: on hand, reserved, free, expired."""
        from dashboard.operations import stock_report

        with asked(request, "see"):
            held = stock_report.show(open_situation(), depot=depot, item=item, lots=lots)
            return tagged(request, held)

    @routes.get("/closures", responses=says(models.ClosurePage))
    def closures(
        request: Request, open_only: bool = True, limit: Limit = 100, offset: Offset = 0
    ) -> Response:
        """List closures of roads, the newest first."""
        with asked(request, "see"):
            found = sorted(
                open_situation().store.closures(open_only=open_only),
                key=lambda one: one.seq,
                reverse=True,
            )
            part = page(request, found, limit=limit, offset=offset)
            part["items"] = [closure_row(one) for one in part["items"]]
            return tagged(request, part)

    @routes.get("/reach", responses=says(models.ReachPage))
    def reach(
        request: Request,
        vehicle_class: Annotated[
            list[VehicleClassName], Query(max_length=10, description="The classes that take part")
        ] = [],  # noqa: B006 - FastAPI copies it
        status: Annotated[str, Query(pattern=r"^[a-z_]{0,30}$")] = "",
        at: Annotated[datetime | None, Query(description="The moment whose closures count")] = None,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Response:
        """Say of every place whether it can be reached, how, and if not, why not."""
        from dashboard.operations.reaching import make_reach

        with asked(request, "see"), heavy():
            situation = open_situation()
            found = make_reach(
                situation,
                tuple(dict.fromkeys(vehicle_class)),
                at=situation.aware(at) or whole_minute(situation.now()),
            )
            rows = [one for one in found["places"] if not status or one["status"] == status]
            part = page(request, rows, limit=limit, offset=offset)
            rest = {name: found[name] for name in ("at", "notice", "totals")}
            return tagged(request, part | rest)

    @routes.get("/plans", responses=says(models.PlanPage))
    def plans(request: Request, limit: Limit = 100, offset: Offset = 0) -> Response:
        """List the recorded plans, the newest first."""
        with asked(request, "see"):
            made = list(reversed(open_situation().store.plans()))
            part = page(request, made, limit=limit, offset=offset)
            part["items"] = [
                {
                    "plan_id": one.plan_id,
                    "made_at": one.recorded_at.isoformat(timespec="seconds"),
                    "seed": one.seed,
                    "based_on_seq": one.based_on_seq,
                    "summary": one.summary,
                }
                for one in part["items"]
            ]
            return tagged(request, part)

    @routes.get("/plans/{plan_id}", responses=says(models.Plan, 404))
    def plan(request: Request, plan_id: PlanId) -> Response:
        """Give a plan; `latest` is the newest."""
        from dashboard.operations.planning import load_plan

        with asked(request, "see"):
            return tagged(request, load_plan(open_situation(), plan_id))

    @routes.get(
        "/plans/{plan_id}/files.zip",
        responses={
            **says(models.Answer, 404),
            200: {"content": {"application/zip": {}}, "description": "The files as one zip"},
        },
    )
    def files(
        request: Request,
        plan_id: PlanId,
        formats: Annotated[str, Query(pattern=FORMAT_NAMES)] = "gpx,kml,geojson,csv,text",
        language: Annotated[str, Query(pattern=LANGUAGE)] = "en",
        convoy: Annotated[list[str], Query(max_length=200)] = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        """Give the files of a plan's convoys, as `qafila export` writes them."""
        from dashboard.operations.exporting import zipped_plan

        with asked(request, "plan"), heavy():
            packed = zipped_plan(
                open_situation(),
                plan_id,
                formats=formats.split(","),
                language=language,
                convoys=convoy,
            )
        headers = {"Content-Disposition": 'attachment; filename="convoys.zip"'}
        return tagged(request, packed, media_type="application/zip", headers=headers)

    @routes.get(
        "/tables/{table}",
        responses={
            **says(models.Answer, 404),
            200: {
                "content": {one.partition(";")[0]: {} for one in MEDIA_TYPES.values()},
                "description": "The table as a file",
            },
        },
    )
    def tables(
        request: Request,
        table: Annotated[str, Path(pattern=r"^(needs|deliveries|activities|places|groups|iati)$")],
        form: Annotated[str, Query(pattern=r"^(csv|xlsx|gpkg|geojson|fgb|parquet)$")] = "csv",
        language: Annotated[str, Query(pattern=LANGUAGE)] = "en",
        commune: Annotated[str, Query(max_length=200)] = "",
        organisation: Annotated[str, Query(max_length=200)] = "",
        since: Annotated[datetime | None, Query(description="Reported from then on")] = None,
    ) -> Response:
        """Give a table that goes back to organisations, as `qafila share` writes it."""
        from dashboard.operations.sharing.files import share

        with asked(request, "see"), heavy():
            situation = open_situation()
            made = share(
                situation,
                table,
                form,
                language=language,
                commune=commune,
                organisation=organisation,
                since=situation.aware(since),
            )
        headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return tagged(request, made.content, media_type=made.media_type, headers=headers)

    @routes.get(
        "/features/{collection}",
        responses={
            **says(models.Answer, 404),
            200: {
                "content": {one: {} for one in LAYER_TYPES.values()},
                "description": "All features of the collection as a file (EPSG:4326)",
            },
        },
    )
    def features(
        request: Request,
        collection: Annotated[str, Path(pattern=r"^(places|needs|closures|convoys)$")],
        form: Annotated[str, Query(pattern=r"^(gpkg|geojson|fgb|parquet)$")] = "parquet",
    ) -> Response:
        """Give a collection of `/ogc` whole, as GeoParquet, FlatGeobuf, GeoPackage or GeoJSON."""
        from dashboard.operations.sharing.layers import feature_file

        with asked(request, "see"), heavy():
            made = feature_file(open_situation(), collection, form)
        headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return tagged(request, made.content, media_type=made.media_type, headers=headers)

    @routes.get("/convoys/heard", responses=says(models.ConvoysHeard))
    def heard(request: Request) -> Response:
        """Say when each convoy was heard last, and what it said."""
        from dashboard.operations.field_reports import last_heard

        with asked(request, "see"):
            return tagged(request, {"convoys": last_heard(open_situation())})

    @routes.get("/indicators", responses=says(models.Indicators))
    def indicators(request: Request) -> Response:
        """Give all indicators, each with formula, source and time."""
        from dashboard.operations.measuring import indicators as measured

        with asked(request, "see"), heavy():
            return tagged(request, measured(open_situation()))

    @routes.get("/ledger/head", responses=says(models.Head))
    def head(request: Request, signed: bool = True) -> Response:
        """Give the line that stands for the whole ledger as it is now."""
        from dashboard.operations.witnessing import make_head

        with asked(request, "ledger"):
            made = make_head(open_situation(), signed=signed)
            # Where the key lies on this machine is nobody's business.
            return tagged(request, {name: one for name, one in made.items() if name != "key_file"})

    @routes.get(
        "/ledger/events.jsonl",
        responses={
            **says(models.Answer),
            200: {"content": {"application/x-ndjson": {}}, "description": "One event a line"},
        },
    )
    def ledger_events(request: Request) -> Response:
        """Give the whole ledger, one canonical JSON event a line, as it is sent."""
        with asked(request, "ledger"):
            lines = open_situation().store.lines()
            return StreamingResponse(
                _in_parts(lines),
                media_type="application/x-ndjson",
                headers={
                    "Content-Disposition": 'attachment; filename="ledger.jsonl"',
                    "Cache-Control": "no-store",
                },
            )

    @routes.get("/ledger/proofs/{event}", responses=says(models.Answer, 404))
    def proof(
        request: Request,
        event: Annotated[str, Path(pattern=r"^([1-9][0-9]{0,15}|[a-z_]+:[0-9A-Za-z_.-]{1,150})$")],
        against: Annotated[str, Query(max_length=2_000)] = "",
    ) -> Response:
        """Prove that one event is in the ledger without showing the others."""
        from dashboard.operations.witnessing import make_proof

        with asked(request, "ledger"), heavy():
            return tagged(request, make_proof(open_situation(), event, against=against or None))

    return routes


def _in_parts(lines: Iterator[str]) -> Iterator[str]:
    """Give many lines at once: each part costs a change of threads."""
    while part := list(itertools.islice(lines, LINES_AT_ONCE)):
        yield "".join(f"{line}\n" for line in part)


def need_row(one: NeedRecord) -> dict[str, Any]:
    """Give a need as the interface says it."""
    return {
        "need_id": one.need_id,
        "place_id": one.place_id,
        "item": one.item_id,
        "quantity": one.quantity,
        "unit": one.unit,
        "delivered": one.delivered,
        "status": one.status,
        "weight": one.weight,
        "expires_at": _text(one.expires_at),
        "reported_at": _text(one.reported_at),
        "recorded_at": _text(one.recorded_at),
        "organisation_id": one.organisation_id,
        "note": one.note,
    }


def closure_row(one: ClosureRecord) -> dict[str, Any]:
    """Give a closure as the interface says it."""
    return {
        "closure_id": one.closure_id,
        "edges": list(one.edges),
        "classes": list(one.classes),
        "state": one.state,
        "since": _text(one.since),
        "until": _text(one.until),
        "confidence": one.confidence,
        "source": one.source,
        "reason": one.reason,
        "max_weight_t": one.max_weight_t,
        "organisation_id": one.organisation_id,
        "recorded_at": _text(one.recorded_at),
        "reopened_at": _text(one.reopened_at),
    }


def whole_minute(moment: datetime) -> datetime:
    """Give the beginning of a minute: within it the same question has the same answer and tag."""
    return moment.replace(second=0, microsecond=0)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
