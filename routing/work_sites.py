"""Work sites: what one crew clears in one go, grouped from the edges that are closed.

A report often closes several edges of one road, and several reports the same place. Closed edges of
one road piece that lie within some hundred metres along the road are one site; at a junction a
site goes on if just two closed edges of one report meet there.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.errors import SchemaError, UnreadableError
from routing.closures import effect_on
from routing.road_pieces import road_pieces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from routing.closures import Overlay
    from routing.graph import Graph
    from routing.vehicles import VehicleClass

#: Closed stretches this near along one road are cleared together. Estimate.
GAP_M = 300.0

Hours = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Above = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSite:
    """Closed edges that are cleared together.

    `edges` are edge ids, the first of which names the site; `arcs` what a class could travel if the
    site were open; `length_m` all edges together; `lon`, `lat` the middle of the middle edge's
    nodes. `basis` says in words where `crew_hours` come from.
    """

    site_id: str
    edges: tuple[str, ...]
    arcs: tuple[int, ...]
    closure_ids: tuple[str, ...]
    reason: str
    sources: tuple[str, ...]
    confidence: float
    length_m: float
    lon: float
    lat: float
    crew_hours: float
    basis: str


class Kind(BaseModel):
    """A kind of blockage and how fast it goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "unknown"
    words: tuple[str, ...] = ()
    fixed_hours: Hours
    metres_per_hour: Above


class CrewRates(BaseModel):
    """How crew-hours are estimated: ``catalog/crew_hours.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    full_length_m: Above
    further_share: Annotated[float, Field(ge=0, le=1)]
    min_crew_hours: Above
    max_crew_hours: Above
    kind: tuple[Kind, ...]
    unknown: Kind
    grade_factor: dict[str, Above]

    def estimate(self, length_m: float, reason: str, grade: str = "") -> tuple[float, str]:
        """Crew-hours for a stretch, and in words what they rest on."""
        written = reason.casefold()
        kind = next((k for k in self.kind if any(w in written for w in k.words)), self.unknown)
        covered_m = min(length_m, self.full_length_m)
        covered_m += max(length_m - self.full_length_m, 0.0) * self.further_share
        hours = kind.fixed_hours + covered_m / kind.metres_per_hour
        factor = self.grade_factor.get(grade, 1.0)
        hours = min(max(hours * factor, self.min_crew_hours), self.max_crew_hours)
        words = f"estimate: {kind.name}, {covered_m:.0f} m of {length_m:.0f} m taken as covered"
        if factor != 1.0:
            words += f", {factor:g} times for a road graded {grade}"
        return round(hours, 2), words


def crew_rates(path: Path | None = None) -> CrewRates:
    """Rates of `path`, or our own.

    Raises
    ------
    UnreadableError
        The file is missing or not TOML.
    SchemaError
        A value is impossible or missing.
    """
    name = path.name if path else "crew_hours.toml"
    try:
        if path is None:
            text = (resources.files("routing") / "catalog" / name).read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8-sig")
        return CrewRates.model_validate(tomllib.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SchemaError(name, f"{where}: {first['msg']}", "correct the file") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(name, f"readable TOML is needed: {error}", "check it") from error


def work_sites(
    graph: Graph,
    overlay: Overlay,
    vehicle_class: VehicleClass,
    open_time_s: NDArray[np.float64],
    *,
    rates: CrewRates,
    grades: Mapping[str, str] | None = None,
    gap_m: float = GAP_M,
) -> list[WorkSite]:
    """Sites that close a road to a class, sorted by id.

    Parameters
    ----------
    open_time_s
        (n_arcs,) seconds of the class with nothing closed; arcs that it could not use anyway (inf)
        are no part of a site.
    grades
        Damage grade that analysts gave to an edge, by edge id.
    """
    arc, closure = _closing(overlay, vehicle_class)
    usable = np.isfinite(open_time_s[arc])
    arc, closure = arc[usable], closure[usable]
    edge = graph.edge[arc]
    rows = np.unique(edge)
    site_of_row = _grouped(graph, rows, edge, closure, gap_m)
    site_of_mark = site_of_row[np.searchsorted(rows, edge)]
    sites = [
        _site(
            graph,
            overlay,
            rows[site_of_row == number],
            np.unique(arc[site_of_mark == number]),
            np.unique(closure[site_of_mark == number]),
            rates,
            grades or {},
        )
        for number in range(int(site_of_row.max(initial=-1)) + 1)
    ]
    return sorted(sites, key=lambda one: one.site_id)


def site_of_arc(sites: list[WorkSite], n_arcs: int) -> NDArray[np.int32]:
    """(n_arcs,) the row in `sites` of the one that blocks each arc, -1 = none."""
    site = np.full(n_arcs, -1, dtype=np.int32)
    for number, one in enumerate(sites):
        site[list(one.arcs)] = number
    return site


def with_crew_hours(sites: list[WorkSite], hours: Mapping[str, float], says: str) -> list[WorkSite]:
    """The sites with the hours that somebody gave for a site, a closure or an edge.

    Several that speak of one site are added up if they name its closures or edges; one that names
    the site itself counts alone.
    """

    def given(one: WorkSite) -> float | None:
        if one.site_id in hours:
            return hours[one.site_id]
        named = [hours[key] for key in (*one.closure_ids, *one.edges) if key in hours]
        return sum(named) if named else None

    return [
        one if (known := given(one)) is None else replace(one, crew_hours=known, basis=says)
        for one in sites
    ]


def _closing(
    overlay: Overlay, vehicle_class: VehicleClass
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Arcs that are closed to a class, each with the rows of the closures that close it."""
    closes = np.array(
        [
            one.speaks_of(vehicle_class.name) and np.isinf(effect_on(one, vehicle_class))
            for one in overlay.closures
        ],
        dtype=bool,
    )
    kept = closes[overlay.closure]
    return overlay.arc[kept], overlay.closure[kept]


def _grouped(
    graph: Graph,
    rows: NDArray[np.int32],
    edge: NDArray[np.int32],
    closure: NDArray[np.intp],
    gap_m: float,
) -> NDArray[np.int32]:
    """(n_rows,) number of the site of every closed edge."""
    if len(rows) == 0:
        return np.empty(0, dtype=np.int32)
    pieces = road_pieces(graph)
    order = np.lexsort((pieces.begin_m[rows], pieces.piece[rows]))
    along = rows[order]
    begin_m = pieces.begin_m[along]
    end_m = begin_m + graph.length_m[along]
    near = (np.diff(pieces.piece[along]) == 0) & (begin_m[1:] - end_m[:-1] <= gap_m)
    pairs = [np.column_stack([order[:-1][near], order[1:][near]]), _over_junctions(
        graph, rows, edge, closure
    )]  # fmt: skip
    first, second = np.concatenate(pairs).T
    joined = sparse.coo_array((np.ones(len(first)), (first, second)), shape=(len(rows), len(rows)))
    label: NDArray[np.int32] = connected_components(joined, directed=False)[1]
    return label


def _over_junctions(
    graph: Graph, rows: NDArray[np.int32], edge: NDArray[np.int32], closure: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Pairs of rows that meet where just two closed edges do and that one report closes."""
    node = np.concatenate([graph.u[rows], graph.v[rows]])
    at = np.tile(np.arange(len(rows)), 2)
    order = np.argsort(node, kind="stable")
    node, at = node[order], at[order]
    _, start, size = np.unique(node, return_index=True, return_counts=True)
    start = start[size == 2]
    pairs = np.column_stack([at[start], at[start + 1]])
    says = set(zip(np.searchsorted(rows, edge).tolist(), closure.tolist(), strict=True))
    reports: dict[int, set[int]] = {}
    for row, one in says:
        reports.setdefault(row, set()).add(one)
    same = [bool(reports[int(a)] & reports[int(b)]) for a, b in pairs]
    return pairs[np.array(same, dtype=bool)] if len(pairs) else pairs.reshape(0, 2)


def _site(
    graph: Graph,
    overlay: Overlay,
    rows: NDArray[np.int32],
    arcs: NDArray[np.intp],
    closures: NDArray[np.intp],
    rates: CrewRates,
    grades: Mapping[str, str],
) -> WorkSite:
    reports = [overlay.closures[row] for row in closures.tolist()]
    edges = sorted(str(graph.edge_ids[row]) for row in rows.tolist())
    length_m = float(graph.length_m[rows].sum())
    reason = "; ".join(dict.fromkeys(one.reason for one in reports if one.reason))
    graded = [grades[one] for one in edges if one in grades]
    # The worst grade of the site decides: a crew meets all of it.
    grade = max(graded, key=lambda one: rates.grade_factor.get(one, 1.0), default="")
    crew_hours, basis = rates.estimate(length_m, reason, grade)
    middle = rows[len(rows) // 2]
    ends = [graph.u[middle], graph.v[middle]]
    return WorkSite(
        site_id=f"site:{edges[0]}",
        edges=tuple(edges),
        arcs=tuple(arcs.tolist()),
        closure_ids=tuple(one.closure_id for one in reports),
        reason=reason,
        sources=tuple(dict.fromkeys(one.source for one in reports if one.source)),
        confidence=max(one.confidence for one in reports),
        length_m=length_m,
        lon=float(graph.lon[ends].mean()),
        lat=float(graph.lat[ends].mean()),
        crew_hours=crew_hours,
        basis=basis,
    )
