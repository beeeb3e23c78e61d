"""The OpenAPI document is true: made-up requests find no error of ours, nothing undocumented."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Made for the map, whose files the document calls by their media types only.
OPERATIONS = (
    ("GET", "/needs"), ("POST", "/needs"), ("GET", "/stock"), ("GET", "/closures"),
    ("POST", "/closures"), ("DELETE", "/closures/{closure_id}"), ("GET", "/reach"),
    ("GET", "/plans"), ("GET", "/plans/{plan_id}"), ("GET", "/plans/{plan_id}/files.zip"),
    ("GET", "/indicators"), ("GET", "/ledger/proofs/{event}"), ("POST", "/uploads/{kind}"),
    ("DELETE", "/uploads/{upload_id}"), ("POST", "/convoys/{convoy_id}/replies"),
    ("POST", "/messages"),
    ("GET", "/convoys/heard"), ("GET", "/positions"), ("GET", "/health"),
    ("GET", "/situation"), ("GET", "/live"),
    ("GET", "/roads/near"), ("GET", "/roads/piece"),
)  # fmt: skip


@pytest.mark.slow
def test_made_up_requests_get_documented_answers(app: Starlette) -> None:
    document = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    n_asked = Counter[tuple[str, str]]()
    for method, path in OPERATIONS:

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=document[path][method].as_strategy())
        def judge(case: Any) -> None:
            n_asked[case.method, case.path] += 1
            case.validate_response(case.call(), checks=CHECKS)

        judge()
    assert set(n_asked) == set(OPERATIONS)
