"""The one shape of an error: problem details of RFC 9457, as ``application/problem+json``."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from geo.errors import (
    ConflictError,
    InputError,
    NoSituationError,
    QafilaError,
    RuleError,
    StoreBusyError,
    TooLargeError,
    UnknownIdError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class ForbiddenError(Exception):
    """Who asks lacks a right."""

    def __init__(self, right: str) -> None:
        super().__init__(f"The right {right!r} is needed for this")


# First match wins: the narrow classes stand before their bases.
STATUS_OF: tuple[tuple[type[QafilaError], HTTPStatus], ...] = (
    (UnknownIdError, HTTPStatus.NOT_FOUND),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NoSituationError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreBusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ConflictError, HTTPStatus.CONFLICT),
    (RuleError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InputError, HTTPStatus.BAD_REQUEST),
    (QafilaError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def problem(status: int, *, title: str, detail: str = "", **more: Any) -> JSONResponse:
    """Make a problem answer; `more` are further members, such as ``problems`` of a table."""
    body = {"type": "about:blank", "title": title, "status": int(status)}
    if detail:
        body["detail"] = detail
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    return JSONResponse(body | more, int(status), headers=headers, media_type=MEDIA_TYPE)


def status_of(error: QafilaError) -> HTTPStatus:
    """Status code for an error of ours."""
    return next(status for kind, status in STATUS_OF if isinstance(error, kind))


def handle_problems(app: FastAPI) -> None:
    """Let every error of `app` leave in the one shape; only unexpected ones leave a trace."""

    def ours(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, QafilaError):
            raise error
        status = status_of(error)
        logger.info("%d %s", status, error)
        return problem(status, title=error.needed, detail=str(error))

    def refused(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        status = HTTPStatus(error.status_code)
        detail = "" if error.detail == status.phrase else str(error.detail)
        answer = problem(status, title=status.phrase, detail=detail)
        # Which methods a 405 allows, above all.
        answer.headers.update(error.headers or {})
        return answer

    def invalid(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            title="The request is not as documented",
            problems=[
                {"where": ".".join(str(part) for part in found["loc"]), "expected": found["msg"]}
                for found in error.errors()
            ],
        )

    def forbidden(_request: Request, error: Exception) -> JSONResponse:
        return problem(HTTPStatus.FORBIDDEN, title=str(error))

    def unexpected(_request: Request, error: Exception) -> JSONResponse:
        logger.error("unexpected error in the HTTP interface", exc_info=error)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            title="Something went wrong here",
            detail="The server's log says more.",
        )

    app.add_exception_handler(QafilaError, ours)
    app.add_exception_handler(ForbiddenError, forbidden)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unexpected)
