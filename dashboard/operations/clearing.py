"""Clear first: which blockage to open first, by how many crews, for whom, and how sure."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.operations import reaching, roadwork
from dashboard.operations.situation import Progress, Situation, silent
from dashboard.operations.weights import Weights, weights_of
from geo.errors import InputError, Problem, SchemaError, TooLargeError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo.model import VehicleClassName
    from routing.clearance import Clearing, Measure, Step
    from routing.clearance_network import Terminals
    from routing.crew_schedule import Job, Schedule
    from routing.work_sites import WorkSite

DEFAULT_CLASS: VehicleClassName = "truck"
DEFAULT_CREWS, DEFAULT_HOURS = 2, 24.0
MAX_BYTES = 1_000_000
UNITS = {"people": "people", "time": "person-hours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    situation: Situation
    sites: list[WorkSite]
    weights: Weights
    place_ids: list[str]
    place_names: list[str]
    measure: Measure
    at: datetime

    def amount(self, gain: float) -> float:
        """Give a gain in people or person-hours."""
        return round(float(gain) / 3600.0 if self.measure == "time" else float(gain), 1)

    def places(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {
                "place_id": self.place_ids[row],
                "name": self.place_names[row],
                "people": round(float(self.weights.people[row]), 1),
            }
            for row in rows
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    sites: list[WorkSite]
    ends: Terminals
    notes: list[str]


def clear_first(
    situation: Situation,
    *,
    class_name: VehicleClassName = DEFAULT_CLASS,
    crews: int = DEFAULT_CREWS,
    hours: float = DEFAULT_HOURS,
    measure: Measure = "people",
    crew_hours: Path | None = None,
    rates: Path | None = None,
    at: datetime | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Rank the work sites of a class and send crews to them.

    Parameters
    ----------
    measure
        ``people`` who come within reach again, or ``time``: person-hours of travel regained.
    crew_hours
        CSV with the columns ``site`` (a site, closure or edge id) and ``crew_hours``.
    rates
        TOML in the form of ``routing/catalog/crew_hours.toml``.

    Raises
    ------
    InputError
        No places, roads or depots; a table that cannot be used.
    """
    from routing.clearance import Clearing, clear_greedily, compile_notice
    from routing.clearance_bound import upper_bound
    from routing.crew_schedule import schedule

    moment = at or situation.now()
    roadwork.make_ready(progress)
    progress(0.05, "finding work sites")
    made = _sites(situation, class_name, moment, crew_hours, rates)
    progress(0.30, "weighing places")
    weights = weights_of(situation)
    question = _Question(
        situation=situation,
        sites=made.sites,
        weights=weights,
        place_ids=[str(one) for one in situation.places()["place_id"]],
        place_names=[str(one) for one in situation.places()["name"]],
        measure=measure,
        at=moment,
    )
    hours_of = [one.crew_hours for one in made.sites]

    def clearing(by: Measure) -> Clearing:
        return Clearing(
            made.ends, weights.people, hours_of, limit_s=reaching.MAX_TIME_S, measure=by
        )

    progress(0.50, compile_notice() or "opening one site after the other")
    order = clear_greedily(clearing(measure))
    progress(0.70, "sending crews")
    plan = schedule(clearing(measure), crews=crews, hours=hours)
    progress(0.85, "asking how much better it could be")
    bound = upper_bound(clearing(measure), crews * hours, longest_hours=hours)
    single = {by: clearing(by).single_gains() for by in ("people", "time")}
    progress(1.0, f"{len(made.sites)} work sites ranked")
    return {
        "class": class_name,
        "measure": measure,
        "unit": UNITS[measure],
        "crews": crews,
        "hours": hours,
        "at": moment.isoformat(),
        "notice": situation.info().notice,
        "totals": _totals(question, clearing(measure), plan, bound),
        "order": [_step(question, number, step) for number, step in enumerate(order, start=1)],
        "schedule": [_job(question, job) for job in plan.jobs],
        "left": [{"site_id": made.sites[s].site_id, "reason": why} for s, why in plan.left],
        "sites": _table(question, single),
        "sensitivity": _sensitivity(question, order, made.sites),
        "weights": weights.summary(),
        "notes": [*made.notes, *_unweighed(question, clearing(measure))],
        "sources": _sources(made.sites),
    }


def _sites(
    situation: Situation,
    class_name: VehicleClassName,
    at: datetime,
    crew_hours: Path | None,
    rates: Path | None,
) -> _Made:
    from routing.clearance_network import blocked_graph, by_time
    from routing.closures import overlay
    from routing.stands import kept_roads, pockets
    from routing.work_sites import crew_rates, site_of_arc, with_crew_hours, work_sites

    here = roadwork.stands(situation, class_name)
    graph = situation.graph()
    state = overlay(graph, situation.store.closures(), at=at)
    sites = work_sites(
        graph,
        state,
        here.vehicle_class,
        here.open_s,
        rates=crew_rates(rates),
        grades=roadwork.grades_of_edges(situation),
    )
    if crew_hours is not None:
        given = read_crew_hours(crew_hours)
        _require_known(given, sites, crew_hours)
        sites = with_crew_hours(sites, given, f"given in {crew_hours.name}")
    # What is restricted but not closed stays slow.
    factor = state.factor(here.vehicle_class)
    slowed_s = here.open_s * np.where(np.isfinite(factor), factor, 1.0)
    site = site_of_arc(sites, graph.n_arcs)
    pocket = pockets(graph, np.isfinite(slowed_s) & (site < 0))
    places = kept_roads(here.places, pocket)
    blocked = blocked_graph(graph, slowed_s, site, len(sites), here.depots, places)
    notes = []
    if not sites:
        notes.append(f"no closure in force closes a road to {class_name}: nothing to clear")
    if state.unknown_edges:
        notes.append(
            f"{len(state.unknown_edges)} reported edges are not in this road network and are left "
            "out"
        )
    return _Made(sites=sites, ends=by_time(blocked, roadwork.hierarchy(situation)), notes=notes)


def read_crew_hours(path: Path) -> dict[str, float]:
    """Read the table of crew-hours that somebody wrote.

    Raises
    ------
    InputError, SchemaError, TooLargeError
        Missing, too large, without its columns, or with hours that are no number above 0; all bad
        rows at once.
    """
    if not path.is_file():
        raise InputError(path.name, "the file does not exist", "check the path")
    if path.stat().st_size > MAX_BYTES:
        raise TooLargeError(path.name, f"at most {MAX_BYTES:,} bytes are read", "check the file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path.name, "a CSV in UTF-8 is needed", "save it as CSV UTF-8") from error
    if not rows or not {"site", "crew_hours"} <= set(rows[0]):
        raise SchemaError(
            path.name, "rows with the columns site and crew_hours are needed", "name them so"
        )
    problems: list[Problem] = []
    hours: dict[str, float] = {}
    for number, row in enumerate(rows, start=2):
        written = (row["crew_hours"] or "").strip().replace(",", ".")
        try:
            value = float(written)
        except ValueError:
            value = float("nan")
        if not 0 < value <= 10_000:
            problems.append(
                Problem(
                    row=str(number),
                    column="crew_hours",
                    value=written[:60],
                    expected="hours above 0, at most 10000",
                )
            )
            continue
        hours[(row["site"] or "").strip()] = value
    if problems:
        raise SchemaError(
            path.name,
            f"{len(problems)} rows without usable hours, first: row {problems[0].row} "
            f"{problems[0].value!r}",
            "give hours above 0",
            problems=problems,
        )
    return hours


def _require_known(given: dict[str, float], sites: list[WorkSite], path: Path) -> None:
    known = {key for one in sites for key in (one.site_id, *one.closure_ids, *one.edges)}
    unknown = [key for key in given if key not in known]
    if unknown:
        raise UnknownIdError(
            f"{path.name}: {unknown[0]!r}"
            + (f" and {len(unknown) - 1} more" if unknown[1:] else ""),
            "no such work site, closure or closed edge",
            "see `qafila clear-first --json`",
        )


# --- the answer ---------------------------------------------------------------------------------


def _totals(question: _Question, start: Clearing, plan: Schedule, bound: float) -> dict[str, Any]:
    people = question.weights.people
    beyond = ~start.reached
    won = question.amount(plan.gain)
    limit = question.amount(bound)
    return {
        "sites": len(question.sites),
        "crew_hours": round(sum(one.crew_hours for one in question.sites), 1),
        "places_not_reached": int(beyond.sum()),
        "people_not_reached": round(float(people[beyond].sum()), 1),
        "sites_cleared": len(plan.jobs),
        "regained": won,
        "regained_at_most": limit,
        "share_of_bound": round(min(won / limit, 1.0), 3) if limit > 0 else None,
    }


def _unweighed(question: _Question, start: Clearing) -> list[str]:
    """Say of how many places that wait nobody knows the people: they count for nothing here."""
    waiting = np.flatnonzero(~start.reached)
    unknown = sum(question.weights.basis[row].startswith("unknown") for row in waiting.tolist())
    if not unknown:
        return []
    return [
        f"{unknown} of {len(waiting)} places that are not reached count for nothing: nobody knows "
        "how many people live there (`qafila load places` or `population` tells)"
    ]


def _step(question: _Question, number: int, step: Step) -> dict[str, Any]:
    return {
        "rank": number,
        "sites": [question.sites[site].site_id for site in step.sites],
        "roads": [question.sites[site].reason for site in step.sites],
        "gain": question.amount(step.gain),
        "crew_hours": round(step.crew_hours, 2),
        "gain_per_crew_hour": question.amount(step.gain / step.crew_hours),
        "total": question.amount(step.total),
        "total_crew_hours": round(step.total_crew_hours, 2),
        "reconnects": question.places(step.reconnected),
    }


def _job(question: _Question, job: Job) -> dict[str, Any]:
    def moment(hours: float) -> str:
        return (question.at + timedelta(hours=hours)).isoformat(timespec="minutes")

    return {
        "crew": job.crew,
        "site_id": question.sites[job.site].site_id,
        "leaves_at": moment(job.leaves_h),
        "begins_at": moment(job.begins_h),
        "ends_at": moment(job.ends_h),
        "travel_hours": round(job.begins_h - job.leaves_h, 2),
        "gain": question.amount(job.gain),
        "reconnects": question.places(job.reconnected),
    }


def _table(question: _Question, single: dict[str, Any]) -> list[dict[str, Any]]:
    """Every site with what opening it alone would win, the best per crew-hour first."""
    names = roadwork.road_names(question.situation, [one.edges for one in question.sites])
    rows = [
        {
            "site_id": one.site_id,
            "label": f"{name or 'road'}: {one.reason}" if one.reason else name or "road",
            "road": name,
            "lon": round(one.lon, 6),
            "lat": round(one.lat, 6),
            "edges": list(one.edges),
            "closure_ids": list(one.closure_ids),
            "reason": one.reason,
            "sources": list(one.sources),
            "confidence": one.confidence,
            "length_m": round(one.length_m, 1),
            "crew_hours": one.crew_hours,
            "crew_hours_basis": one.basis,
            "people_alone": round(float(people), 1),
            "person_hours_alone": round(float(time) / 3600.0, 1),
            "people_per_crew_hour": round(float(people) / one.crew_hours, 2),
            "person_hours_per_crew_hour": round(float(time) / 3600.0 / one.crew_hours, 2),
        }
        for one, name, people, time in zip(
            question.sites, names, single["people"], single["time"], strict=True
        )
    ]
    key = "people_per_crew_hour" if question.measure == "people" else "person_hours_per_crew_hour"
    return sorted(rows, key=lambda row: (-float(row[key]), row["site_id"]))


def _sensitivity(
    question: _Question, order: Sequence[Step], sites: list[WorkSite]
) -> dict[str, Any]:
    """Say how wrong the hours of the first choice may be, and what rests on doubtful reports."""
    from routing.reach import SURE_CONFIDENCE

    doubtful = sorted(one.site_id for one in sites if one.confidence < SURE_CONFIDENCE)
    said: dict[str, Any] = {"doubtful_sites": doubtful}
    if len(order) > 1:
        first, second = (step.gain / step.crew_hours for step in order[:2])
        said["first_stays_first_up_to_times_its_hours"] = round(first / second, 2)
    return said


def _sources(sites: list[WorkSite]) -> list[dict[str, Any]]:
    names = sorted({name for one in sites for name in one.sources})
    return [
        *({"name": f"closure reported by {name}", "at": None} for name in names),
        {"name": "crew-hours: estimates of this project, docs/risk.md", "at": None},
    ]
