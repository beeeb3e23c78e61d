"""The desk of one visitor: it answers what the visitor's role may ask, and refuses the rest.

Every method of `Desk` needs a right that stands in this table; one that does not is refused to
everybody. What is recorded on the way carries the visitor's account and organisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from dashboard.desk import OwnOrganisation
from data.store.acting import acting_for
from geo.errors import RuleError

if TYPE_CHECKING:
    from dashboard.desk import Desk
    from data.access.roles import Visitor

#: Methods that change or compute something; all others of `Desk` only look.
RIGHT_OF = {
    "close_road": "roads",
    "reopen_road": "roads",
    "graded_closures": "roads",
    "join_gaps": "roads",
    "part_gaps": "roads",
    "make_plan": "plan",
    "replan": "plan",
    "set_lock": "plan",
    "plan_again": "plan",
    "put_plan_in_force": "plan",
    "set_vehicle_available": "plan",
    "zipped_plan": "plan",
    "field_links": "plan",
    "give_field_link": "plan",
    "revoke_field_links": "plan",
    "positions": "positions",
    "assess": "plan",
    "give_report": "plan",
    "book_stock": "stock",
    "undo_stock": "stock",
    "report_delivery": "report",
    "ledger_head": "ledger",
    "verify_ledger": "ledger",
    "prove_event": "ledger",
    "access_overview": "accounts",
    "manage_access": "accounts",
    "upload": "upload",
    "undo": "upload",
    "tell_need": "upload",
    "count_group": "upload",
    "exact_group_counts": "contacts",
    "withdraw_need": "upload",
    "say_of_needs": "needs",
    "need_contact": "contacts",
    "mark_rumour": "needs",
    "merge_needs": "needs",
    "merge_equal_needs": "needs",
    "part_needs": "needs",
    "set_need_trust": "needs",
    "volunteers_book": "volunteers",
    "suggest_volunteers": "volunteers",
    "manage_volunteers": "volunteers",
    "small_questions": "volunteers",
    "next_question": "volunteers",
    "volunteer_contact": "contacts",
}
LOOKING = frozenset(
    {
        *(
            "seq",
            "known",
            "last_event_at",
            "info",
            "now",
            "picture",
            "roads_layer",
            "areas_layer",
            "boundaries_layer",
        ),
        *(
            "hint_layer",
            "raster_layers",
            "raster_tile",
            "vector_layers",
            "vector_file",
            "road_near",
            "road_piece",
            "item_name",
            "item_ids",
            "assessment",
            "layers",
        ),
        *("indicators", "indicator_rows", "clear_first", "risk", "plans", "diff"),
        *(
            "suppose_closed",
            "isochrones",
            "network",
            "who_does_what",
            "place_sheet",
            "outlook",
            "situation_report",
        ),
        "organisation_name",
        "group_counts",
        *("uploads", "sheet_template", "shared_file", "stock_and_money"),
        *("vehicles_out", "loading_list", "convoys_heard"),
        *("needs_book", "need_history"),
        *("tasks_book", "check_certificate"),
    }
)


class RoleDesk:
    """A desk behind the rights of one visitor."""

    def __init__(self, desk: Desk, visitor: Visitor) -> None:
        self._desk = desk
        self._visitor = visitor

    def may(self, method: str) -> bool:
        """Whether the visitor may call this method."""
        return self._visitor.may(RIGHT_OF.get(method, "see")) and self._desk.may(method)

    def own_organisation(self) -> OwnOrganisation:
        """The visitor's organisation, if it has one; a role that may not speaks for no other."""
        mine = self._visitor.organisation_id
        if not mine:
            return OwnOrganisation()
        name = self._desk.organisation_name(mine)
        return OwnOrganisation(name=name, fixed=not self._visitor.may("upload_any"))

    def as_of(self, moment: str) -> RoleDesk:
        """Give the desk as of an earlier moment, behind the same rights."""
        return RoleDesk(self._desk.as_of(moment), self._visitor)

    def __getattr__(self, name: str) -> Any:
        """Give a method of the desk, guarded; raises `AttributeError` for what no table names."""
        if name not in LOOKING and name not in RIGHT_OF:
            raise AttributeError(name)
        method, visitor = getattr(self._desk, name), self._visitor
        right = RIGHT_OF.get(name, "see")

        def guarded(*given: Any, **options: Any) -> Any:
            if not visitor.may(right):
                raise RuleError(
                    f"role {visitor.role}", f"the right {right!r} is needed", "ask the crisis cell"
                )
            own_only = right in ("upload", "report") or name == "manage_volunteers"
            if own_only and not visitor.may("upload_any"):
                options = self._own(name, given, options)
            with acting_for(actor=visitor.account_id, organisation_id=visitor.organisation_id):
                return method(*given, **options)

        return guarded

    def _own(self, name: str, given: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
        """Keep to the visitor's own organisation; gives the options to go on with."""
        mine = self._visitor.organisation_id
        if name == "manage_volunteers" and mine:
            return {**options, "only": mine}
        if name in ("report_delivery", "tell_need", "count_group") or (name == "upload" and mine):
            return {**options, "organisation": mine}
        wanted = given[0] if given else options.get("upload_id", options.get("need_id"))
        if mine and wanted in self._told_by(mine, needs=name == "withdraw_need"):
            return options
        raise RuleError(
            f"role {self._visitor.role}",
            "it may upload and undo for its own organisation only",
            "ask the crisis cell",
        )

    def _told_by(self, organisation_id: str, *, needs: bool) -> set[str]:
        """Ids of the needs or of the uploads that an organisation told."""
        if needs:
            rows = self._desk.needs_book()["needs"]
            return {row["need_id"] for row in rows if row["organisation_id"] == organisation_id}
        uploads = self._desk.uploads()
        return {one.upload_id for one in uploads if one.organisation_id == organisation_id}


def desk_for(desk: Desk, visitor: Visitor) -> Desk:
    """Give the desk as a visitor may use it."""
    return cast("Desk", RoleDesk(desk, visitor))
