"""``/api/v1``, what can be told: needs, closures and their end, tables and their undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.responses import Response  # noqa: TC002 - read at run time

from dashboard.http import models
from dashboard.http.answers import tagged
from dashboard.http.asking import TAKING, asked, heavy, says

if TYPE_CHECKING:
    from dashboard.http.asking import OpenSituation
    from dashboard.situation_desk import SituationDesk

Kind = Literal[
    "needs", "damage", "stock", "deliveries", "vehicles", "volunteers", "activities", "places",
    "road-status",
]  # fmt: skip
ClosureId = Annotated[str, Path(pattern=r"^closure:[0-9A-Za-z_-]{1,80}$")]
ConvoyId = Annotated[str, Path(pattern=r"^convoy:[0-9A-Za-z_.-]{1,120}$")]
UploadId = Annotated[str, Path(pattern=r"^upload:[0-9A-Za-z_-]{1,80}$")]


def writers(open_situation: OpenSituation, desk: SituationDesk) -> APIRouter:
    """Give the routes that change something, each on behalf of who asks."""
    routes = APIRouter()

    @routes.post(
        "/needs",
        status_code=201,
        responses=says(models.Recorded, *TAKING, status=201) | {200: {"model": models.Recorded}},
    )
    def report_need(request: Request, need: models.NewNeed) -> Response:
        """Tell that a place lacks something; 200 where it was told before."""
        from dashboard.operations.recording import report_need as recorded

        with asked(request, "upload") as visitor:
            told, new = recorded(
                open_situation(),
                place=need.place,
                item=need.item,
                quantity=f"{need.quantity:f} {need.unit}".strip(),
                weight=need.weight,
                note=need.note,
                hours=need.hours,
                reported_at=need.reported_at,
                client_id=need.client_id,
                sender=visitor.account_id,
            )
        return _recorded(request, told, "need_id", new=new)

    @routes.post(
        "/closures",
        status_code=201,
        responses=says(models.Recorded, *TAKING, status=201) | {200: {"model": models.Recorded}},
    )
    def close(request: Request, closure: models.NewClosure) -> Response:
        """Close or restrict a road; 200 where it was told before."""
        from dashboard.operations.recording import close_once

        with asked(request, "roads") as visitor:
            told, new = close_once(
                open_situation(),
                **(closure.model_dump() | {"classes": tuple(closure.classes)}),
                sender=visitor.account_id,
            )
        return _recorded(request, told, "closure_id", new=new)

    @routes.delete("/closures/{closure_id}", responses=says(models.Undone, *TAKING))
    def reopen(
        request: Request,
        closure_id: ClosureId,
        reason: Annotated[str, Query(max_length=2_000)] = "",
    ) -> Response:
        """Say that a closure no longer holds."""
        from dashboard.operations.roads import reopen_road

        with asked(request, "roads"):
            reopen_road(open_situation(), closure_id, reason=reason)
        return tagged(request, {"undone": closure_id})

    @routes.post(
        "/batches",
        responses=says(models.BatchAnswer, *TAKING) | {202: {"model": models.BatchAnswer}},
    )
    def take_batch(request: Request, batch: models.NewBatch) -> Response:
        """Tell what a device wrote while it was away; 202 where it waits for one before it."""
        from dashboard.operations import batching

        with asked(request, "see") as visitor:
            taken = batching.receive(
                open_situation(),
                [entry.model_dump() for entry in batch.entries],
                sender=visitor.account_id,
                device=batch.device,
                sequence=batch.sequence,
                sent=batch.model_dump_json(),
                may=visitor.may,
            )
        return tagged(request, taken, status=202 if taken["status"] == "held" else 200)

    @routes.get("/batches", responses=says(models.HeldBatches))
    def held_batches(request: Request) -> Response:
        """Give the asker's own batches that wait, with the number that each waits for."""
        from dashboard.operations import batching
        from dashboard.operations.recording import OWNER_SENDS

        with asked(request, "see") as visitor:
            sender = visitor.account_id or OWNER_SENDS
            return tagged(request, {"held": batching.held(open_situation(), sender=sender)})

    @routes.post("/convoys/{convoy_id}/replies", responses=says(models.Reported, *TAKING))
    def reply(request: Request, convoy_id: ConvoyId, said: models.NewReply) -> Response:
        """Enter what a convoy says by text message; recorded once by its `client_id`."""
        from dashboard.operations.field_reports import Reporter, take_reply

        with asked(request, "report") as visitor:
            by = Reporter(
                sender=visitor.account_id, client_id=said.client_id, said_at=said.reported_at
            )
            return tagged(request, take_reply(open_situation(), convoy_id, said.text, by=by))

    @routes.post("/positions", responses=says(models.PositionsTaken, *TAKING))
    def positions(request: Request, told: models.NewPositions) -> Response:
        """Take positions in any order, each once by its `client_id`; those that can be true."""
        from dashboard.operations.locating import Sighting, record

        with asked(request, "report") as visitor:
            sightings = [
                Sighting(
                    client_id=one.client_id,
                    subject_id=one.id,
                    at=one.at,
                    lon=one.lon,
                    lat=one.lat,
                    accuracy_m=one.accuracy_m,
                    convoy_id=one.convoy_id,
                )
                for one in told.positions
            ]
            taken = record(open_situation(), sightings, sender=visitor.account_id)
            return tagged(request, {"answers": taken})

    @routes.post("/messages", responses=says(models.MessageAnswer, *TAKING))
    def message(request: Request, said: models.NewMessage) -> Response:
        """Take in a text message; `answer` is what goes back, one message long."""
        from dashboard.operations.messaging import take_message

        with asked(request, "report") as visitor:
            taken = take_message(
                open_situation(),
                said.text,
                sender=said.sender,
                organisation=visitor.organisation_id,
                convoy_id=said.convoy_id,
                client_id=said.client_id,
                language=said.language or "",
            )
        return tagged(request, taken)

    @routes.post("/uploads/{kind}", responses=says(models.UploadAnswer, *TAKING))
    def upload(
        request: Request,
        kind: Annotated[Kind, Path()],
        content: Annotated[bytes, Body(media_type="application/octet-stream", min_length=1)],
        name: Annotated[str, Query(max_length=200, description="Name of the file")] = "table.csv",
        organisation: Annotated[
            str, Query(max_length=300, description="The sender; a key's own where it has one")
        ] = "",
        dry_run: bool = False,
    ) -> Response:
        """Take in a table (CSV, XLSX, GeoJSON, KoBo and ODK exports …), row by row."""
        from dashboard.role_desk import desk_for

        with asked(request, "upload") as visitor, heavy():
            received = desk_for(desk, visitor).upload(
                kind,
                name,
                content,
                organisation=organisation or visitor.organisation_id,
                dry_run=dry_run,
                add_places=False,
                columns={},
            )
        return tagged(request, received.report)

    @routes.post(
        "/forms/{kind}",
        status_code=201,
        responses=says(models.UploadAnswer, *TAKING, status=201)
        | {200: {"model": models.UploadAnswer}},
    )
    def form(
        request: Request,
        kind: Annotated[Kind, Path()],
        answers: Annotated[dict[str, Any], Body(description="The answers to one form")],
        name: Annotated[str, Query(max_length=100, description="Name of the form")] = "form",
        organisation: Annotated[
            str, Query(max_length=300, description="The sender; a key's own where it has one")
        ] = "",
    ) -> Response:
        """Take in what KoBo sends on as it comes in, or a record of ODK; 200 if it was here.

        Refused (422) if no row of it can be taken, so that who sent it keeps it.
        """
        from dashboard.operations.form_answers import as_table, require_taken
        from dashboard.role_desk import desk_for

        with asked(request, "upload") as visitor, heavy():
            received = desk_for(desk, visitor).upload(
                kind,
                f"{name}.json",
                as_table(answers),
                organisation=organisation or visitor.organisation_id,
                dry_run=False,
                add_places=False,
                columns={},
                # Each is news of its own, never a later state of the one before.
                later_dump=False,
            )
        report = require_taken(received.report)
        return tagged(request, report, status=200 if report["upload_id"] is None else 201)

    @routes.delete("/uploads/{upload_id}", responses=says(models.Undone, *TAKING))
    def undo(request: Request, upload_id: UploadId) -> Response:
        """Take back all that came with an upload."""
        from dashboard.role_desk import desk_for

        with asked(request, "upload") as visitor:
            return tagged(request, desk_for(desk, visitor).undo(upload_id))

    return routes


def _recorded(request: Request, told: dict[str, Any], key: str, *, new: bool) -> Response:
    content = {"id": told[key], "new": new, **told}
    return tagged(request, content, status=201 if new else 200)
