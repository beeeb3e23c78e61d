"""What the answers of ``/api/v1`` share: who asks, what they may, how much at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query

from dashboard.http.models import ProblemAnswer
from dashboard.http.problem import MEDIA_TYPE, ForbiddenError
from data.access.roles import OWNER, Right, Visitor
from data.store.acting import acting_for
from geo.errors import StoreBusyError

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashboard.operations.situation import Situation

#: Opens the situation that is served, or gives the one that is open.
OpenSituation = Callable[[], "Situation"]

Limit = Annotated[int, Query(ge=1, le=1_000, description="How many at most")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many to leave out")]

#: Questions that keep a processor busy for seconds; more than these at once would slow each other.
MOST_HEAVY = 2
HEAVY_WAIT_S = 20.0
_heavy = threading.BoundedSemaphore(MOST_HEAVY)


@contextlib.contextmanager
def asked(request: Request, right: Right) -> Iterator[Visitor]:
    """Do what follows on behalf of who asks; raises `ForbiddenError` without the right to it."""
    # Without a gate (a test, a situation without accounts) whoever sits here owns it.
    visitor: Visitor = request.scope.get("visitor") or OWNER
    if not visitor.may(right):
        raise ForbiddenError(right)
    with acting_for(actor=visitor.account_id, organisation_id=visitor.organisation_id):
        yield visitor


@contextlib.contextmanager
def heavy() -> Iterator[None]:
    """Wait for a turn; raises `StoreBusyError` (503) where none comes in time."""
    if not _heavy.acquire(timeout=HEAVY_WAIT_S):
        raise StoreBusyError(
            "this question", "others are being computed at this moment", "ask again in a while"
        )
    try:
        yield
    finally:
        _heavy.release()


def says(model: type, *more: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Give the answers of an operation for the OpenAPI document; problems that all share too."""
    found: dict[int | str, dict[str, Any]] = {status: {"model": model}}
    if status == 200:
        found[304] = {"description": "As the ETag that was sent says: unchanged"}
    for code in (400, 401, 403, 422, 429, 503, *more):
        found[code] = {
            "description": _WORDS[code],
            "content": {MEDIA_TYPE: {"schema": ProblemAnswer.model_json_schema()}},
        }
    return found


_WORDS = {
    400: "What was sent cannot be used",
    401: "Nobody is signed in, or the key is not valid",
    403: "Who asks may not do this",
    404: "There is no such thing",
    408: "The body took too long to arrive",
    409: "The client_id was used for something else",
    413: "The body is too large",
    415: "The body is of another type than documented",
    422: "The request is not as documented, or breaks a rule",
    429: "Too many requests; Retry-After says how long to wait",
    503: "Busy, or there is no situation yet; Retry-After says when to ask again",
}
TAKING = (404, 408, 409, 413)
