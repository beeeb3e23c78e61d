"""The events refuse what is impossible and write the same quantity in one way."""

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data.events import (
    EVENT_TYPES,
    DepotRegistered,
    NeedReported,
    NewEvent,
    Provenance,
    RoadClosed,
    SituationCreated,
    StockMoved,
    VehicleRegistered,
    payload_class,
)
from geo.errors import SchemaError


def moved(quantity: Any) -> StockMoved:
    return StockMoved(
        movement_id="movement:1",
        item_id="tent",
        quantity=quantity,
        unit="piece",
        from_account="donor:1",
        to_account="depot:1",
    )


def test_every_type_has_a_subject_that_is_one_of_its_fields() -> None:
    about_the_situation = {"situation.area_set", "needs.trust_set"}
    for name, cls in EVENT_TYPES.items():
        assert cls.type == name
        if name in about_the_situation:
            assert cls.subject == ""
        else:
            assert cls.subject in cls.model_fields


def test_the_subject_is_the_id_of_what_the_event_is_about() -> None:
    assert moved(1).subject_id == "movement:1"


@pytest.mark.parametrize(
    ("given_as", "written"),
    [
        (40, "40"),
        (0.1, "0.1"),
        ("12.50", "12.5"),
        (Decimal("1e3"), "1000"),
        (0.000001, "0.000001"),
        (1e12, "1000000000000"),
        ("-0", "0"),
    ],
)
def test_a_quantity_is_written_in_one_way_however_it_was_given(given_as: Any, written: str) -> None:
    assert moved(given_as).model_dump(mode="json")["quantity"] == written


@pytest.mark.parametrize(
    "quantity", ["1e309", "nan", "inf", -1, "0.0000001", 1e13, "forty", math.inf, True, None]
)
def test_impossible_quantities_are_refused(quantity: Any) -> None:
    with pytest.raises(ValidationError, match="quantity"):
        moved(quantity)


@given(st.decimals(min_value=0, max_value=10**12, places=6))
def test_a_quantity_survives_its_text_exactly(quantity: Decimal) -> None:
    again = StockMoved.model_validate_json(moved(quantity).model_dump_json())
    assert again.quantity == quantity


@pytest.mark.parametrize("lon", ["-8", True, 181, math.nan, None])
def test_a_longitude_is_a_number_on_the_globe(lon: Any) -> None:
    with pytest.raises(ValidationError, match="lon"):
        DepotRegistered(depot_id="depot:1", name="Asni", lon=lon, lat=31.25)


def test_a_negative_longitude_is_a_number() -> None:
    assert DepotRegistered(depot_id="depot:1", name="Asni", lon=-8, lat=31.25).lon == -8


@pytest.mark.parametrize("wrong", ["", "no prefix", "Depot:1", "depot:", "depot:a b", "x" * 201])
def test_ids_have_a_prefix_and_no_space(wrong: str) -> None:
    with pytest.raises(ValidationError, match="depot_id"):
        DepotRegistered(depot_id=wrong, name="Asni", lon=-8, lat=31.25)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="phone"):
        NeedReported.model_validate(
            {
                "need_id": "need:1",
                "place_id": "place:1",
                "item_id": "tent",
                "quantity": "1",
                "unit": "piece",
                "phone": "+212600000000",
            }
        )


def test_an_unknown_vehicle_class_is_refused() -> None:
    with pytest.raises(ValidationError, match="vehicle_class"):
        VehicleRegistered.model_validate(
            {
                "vehicle_id": "vehicle:1",
                "vehicle_class": "submarine",
                "capacity_kg": 1,
                "capacity_m3": 1,
                "depot_id": "depot:1",
            }
        )


def test_a_closure_names_at_least_one_edge() -> None:
    with pytest.raises(ValidationError, match="edges"):
        RoadClosed(closure_id="closure:1", edges=())


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2023, 9, 8, 22, 11, 1)  # noqa: DTZ001
    with pytest.raises(ValidationError, match="reported_at"):
        NewEvent(payload=moved(1), reported_at=naive)


def test_a_client_id_is_not_empty() -> None:
    with pytest.raises(ValidationError, match="client_id"):
        NewEvent(payload=moved(1), client_id="")


def test_a_row_number_is_not_negative() -> None:
    with pytest.raises(ValidationError, match="row"):
        Provenance(row=-1)


def test_a_payload_keeps_its_own_type_inside_a_new_event() -> None:
    assert type(NewEvent(payload=moved(1)).payload) is StockMoved


def test_type_and_version_name_the_class() -> None:
    assert payload_class("situation.created", 1) is SituationCreated


@pytest.mark.parametrize(("type_", "version"), [("convoy.teleported", 1), ("need.reported", 99)])
def test_events_of_a_newer_program_are_not_guessed(type_: str, version: int) -> None:
    with pytest.raises(SchemaError, match="update the program"):
        payload_class(type_, version)
