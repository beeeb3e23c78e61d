"""The ground: layers that are loaded, and what they say of each place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import arguments as read
from dashboard.verbs.parser import FINE, Result, add_past, add_verb, open_situation
from geo.errors import InputError

if TYPE_CHECKING:
    import argparse

    from dashboard.operations.situation import Situation

LOAD_KINDS = (
    "places",
    "boundaries",
    "roads",
    "elevation",
    "damage",
    "imagery",
    "footprints",
    "shakemap",
    "population",
)


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    load = add_verb(verbs, "load", _load, "load a geospatial layer")
    load.add_argument("kind", choices=LOAD_KINDS, metavar="KIND", help=", ".join(LOAD_KINDS))
    load.add_argument(
        "paths",
        nargs="+",
        type=read.file_or_address,
        metavar="PATH",
        help="files; rasters also by address (https://…/x.tif): the part over the area is read",
    )
    load.add_argument("--source", help="who made it (default: the file's name)")
    load.add_argument("--at", help="when it was made, ISO 8601")
    load.add_argument("--layer", help="layer of a file that holds several")
    load.add_argument("--clip", action="store_true", help="leave out what lies outside the area")
    load.add_argument("--in-pieces", action="store_true", help="accept a road network in pieces")
    load.add_argument(
        "--share-people",
        action="store_true",
        help="boundaries: all inhabited places are loaded, so share the people of each commune "
        "among those that nobody counted",
    )
    load.add_argument(
        "--classes", help='meaning of a class raster, for example "1=possibly_damaged,2=destroyed"'
    )
    load.add_argument(
        "--repair-gaps",
        default="",
        metavar="IDS",
        help="join these gaps of a road network (ids as offered, comma between), or `all`",
    )
    load.add_argument(
        "--mapping",
        type=Path,
        help="TOML file that says what columns and labels of a damage layer mean",
    )
    load.add_argument(
        "--mapping-template",
        type=Path,
        metavar="OUT",
        help="write such a file for the given layer, to be filled in; nothing is loaded",
    )
    load.add_argument("--band", type=int, help="which band of a damage raster, from 1")
    load.add_argument(
        "--scale",
        type=float,
        help="value of a damage raster that means all is lost (100: percents)",
    )
    load.add_argument(
        "--fill-voids", action="store_true", help="interpolate small voids of an elevation"
    )
    when = load.add_mutually_exclusive_group()
    for role in ("before", "after"):
        when.add_argument(
            f"--{role}",
            dest="role",
            action="store_const",
            const=role,
            default="",
            help=f"the pictures were taken {role} the earthquake (else --at tells)",
        )
    load.add_argument(
        "--measure",
        choices=("mmi", "g", "%g"),
        help="what the values of a ShakeMap's polygons or lines are (default: mmi)",
    )

    add_verb(
        verbs,
        "hint",
        _hint,
        "where buildings changed most between loaded pictures: a hint, never a grade",
    )
    assess = add_verb(verbs, "assess", _assess, "damage, people and needs per place")
    add_past(assess)
    assess.add_argument(
        "--climate",
        choices=("temperate", "cold"),
        help="cold: more space and blankets (default: as before, at first temperate)",
    )
    assess.add_argument(
        "--water",
        choices=("sphere", "survival"),
        help="survival: 7.5 l a person and day instead of 15 (default: as before, at first sphere)",
    )
    assess.add_argument(
        "--days", type=int, default=1, help="for how many days water, food and hygiene (default: 1)"
    )
    place = add_verb(verbs, "place", _place, "everything that is known of one place")
    add_past(place)
    place.add_argument("place", metavar="PLACE", help="id or name")
    places = add_verb(verbs, "places", _places, "the register of places: what was joined, what not")
    add_past(places)
    places.add_argument("--list", action="store_true", help="every place with all its names")
    places.add_argument("--commune", help="only the places of a commune, by name or code")


def _load(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import loading

    if (arguments.mapping or arguments.mapping_template) and arguments.kind != "damage":
        raise InputError(
            f"load {arguments.kind} --mapping", "a mapping goes with damage only", "leave it out"
        )
    if arguments.mapping_template:
        return loading.write_mapping_template(
            arguments.paths, arguments.mapping_template, layer=arguments.layer
        ), FINE
    with open_situation(arguments) as situation:
        return loading.load(
            situation,
            arguments.kind,
            arguments.paths,
            source=arguments.source,
            at=situation.aware(read.moment(arguments.at, "--at")),
            layer=arguments.layer,
            mapping=arguments.mapping,
            clip=arguments.clip,
            in_pieces=arguments.in_pieces,
            share_people=arguments.share_people,
            classes=read.class_map(arguments.classes),
            measure=arguments.measure,
            role=arguments.role,
            band=arguments.band,
            scale=arguments.scale,
            fill_voids=arguments.fill_voids,
            repair_gaps=tuple(
                one.strip() for one in arguments.repair_gaps.split(",") if one.strip()
            ),
            progress=arguments.progress,
        ), FINE


def _hint(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import hinting

    with open_situation(arguments) as situation:
        return hinting.hint(situation, progress=arguments.progress), FINE


def _assess(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import assessing

    with open_situation(arguments) as situation:
        if arguments.known_at:
            return _assessed_then(arguments, situation), FINE
        return assessing.assess(
            situation,
            days=arguments.days,
            climate=arguments.climate,
            water=arguments.water,
            progress=arguments.progress,
        ), FINE


def _assessed_then(arguments: argparse.Namespace, situation: Situation) -> dict[str, Any]:
    """Give the assessment that was the newest at a moment: none is made for the past."""
    from dashboard.operations import assessing

    if arguments.climate or arguments.water or arguments.days != 1:
        raise InputError(
            "assess --at",
            "it shows what was assessed by then and takes no --climate, --water or --days",
            "leave them out",
        )
    made = assessing.latest(situation)
    if made is None:
        raise InputError(
            f"assess --at {arguments.known_at}", "an assessment by then is needed", "choose later"
        )
    return made


def _place(arguments: argparse.Namespace) -> Result:
    from dashboard.operations.place_sheet import place_sheet

    with open_situation(arguments) as situation:
        return place_sheet(situation, arguments.place), FINE


def _places(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import register

    with open_situation(arguments) as situation:
        result = register.summary(situation)
        if arguments.list or arguments.commune:
            result = {**result, "places": register.listed(situation, commune=arguments.commune)}
    return result, FINE
