"""Tables from organisations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dashboard.verbs.parser import FINE, FOUND, Result, add_past, add_verb, open_situation

UPLOAD_KINDS = (
    *("needs", "damage", "stock", "deliveries"),
    *("vehicles", "volunteers", "activities", "places", "road-status"),
)

SHARED = ("needs", "deliveries", "activities", "places", "groups", "iati")


def add(verbs: Any) -> None:
    """Add these verbs to the command line."""
    upload = add_verb(
        verbs,
        "upload",
        _upload,
        "take in a table from an organisation: workbook, CSV, JSON, map file or chat",
    )
    upload.add_argument("kind", choices=UPLOAD_KINDS, metavar="KIND", help=", ".join(UPLOAD_KINDS))
    upload.add_argument("file", type=Path)
    upload.add_argument("--org", required=True, help="the organisation the file comes from")
    upload.add_argument("--dry-run", action="store_true", help="report, change nothing")
    upload.add_argument(
        "--rejects", type=Path, help="write the rows that were not taken to this .xlsx or .csv"
    )
    upload.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="TITLE=FIELD",
        help="what a column means where the guess is wrong; nothing behind = leaves it out",
    )
    upload.add_argument(
        "--add-places",
        action="store_true",
        help="add a place for a name that no list knows and that has a coordinate",
    )
    upload.add_argument(
        "--later-dump",
        action=argparse.BooleanOptionalAction,
        help="the file is (no) newer state of a register sent before; told by its rows unless said",
    )
    upload.add_argument(
        "--lang",
        choices=("ar", "fr", "en", "zgh"),
        default="en",
        help="language of the reasons, here and in the rejects",
    )
    template = add_verb(
        verbs, "template", _template, "an empty sheet to fill in, or a form for KoBo and ODK"
    )
    template.add_argument(
        "kind", choices=UPLOAD_KINDS, metavar="KIND", help=", ".join(UPLOAD_KINDS)
    )
    template.add_argument("--to", type=Path, required=True, metavar="FILE", help="an .xlsx file")
    template.add_argument(
        "--lang", choices=("ar", "fr", "en", "zgh"), default="en", help="language of the sheet"
    )
    template.add_argument(
        "--xlsform",
        action="store_true",
        help="a form for KoBo and ODK in four languages instead",
    )
    share = add_verb(
        verbs, "share", _share, "a table that goes back to organisations, with hashtags and codes"
    )
    share.add_argument("table", metavar="TABLE", choices=SHARED, help=", ".join(SHARED))
    share.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="FILE",
        help=".csv .xlsx .gpkg .geojson .fgb or .parquet",
    )
    share.add_argument("--commune", default="", help="only places of it, by name or code")
    share.add_argument("--org", default="", help="only what this organisation reported or does")
    share.add_argument("--since", metavar="T", help="only what was reported from then on")
    share.add_argument(
        "--lang", choices=("ar", "fr", "en", "zgh"), default="en", help="language of the titles"
    )
    add_past(share, "--known-at")
    match = add_verb(verbs, "match", _match, "which place a written name means, and how sure")
    add_past(match, "--known-at")
    match.add_argument("name", help='the name as written, such as "Imlil, commune Asni"')
    match.add_argument("--commune", default="", help="its commune, in any script")
    match.add_argument("--at", default="", help="a coordinate as people write it")
    alias = add_verb(verbs, "alias", _alias, "confirm that a written name means a place")
    alias.add_argument("place", metavar="PLACE", help="the id of the place")
    alias.add_argument("written", help="the name as people write it")


def _template(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import templating
    from geo.errors import InputError
    from geo.written_file import write_whole

    path: Path = arguments.to
    if path.suffix.lower() != ".xlsx":
        raise InputError(path.name, "a name that ends in .xlsx is needed", "correct it")
    with open_situation(arguments) as situation:
        made = templating.template(
            situation,
            arguments.kind,
            language=arguments.lang,
            form="xlsform" if arguments.xlsform else "xlsx",
        )
    write_whole(path, made.content)
    told = {"kind": arguments.kind, "language": arguments.lang, "xlsform": arguments.xlsform}
    return {"file": str(path), **told, "fields": list(made.fields)}, FINE


def _share(arguments: argparse.Namespace) -> Result:
    from dashboard.arguments import moment
    from dashboard.operations.sharing.files import share
    from geo.written_file import write_whole

    path: Path = arguments.to
    with open_situation(arguments) as situation:
        since = moment(arguments.since, "--since") if arguments.since else None
        made = share(
            situation,
            arguments.table,
            path.suffix.lower().lstrip("."),
            language=arguments.lang,
            commune=arguments.commune,
            organisation=arguments.org,
            since=situation.aware(since),
        )
    write_whole(path, made.content)
    told = {"at": made.at.isoformat(timespec="seconds"), "based_on_seq": made.seq}
    return {"table": arguments.table, "file": str(path), "rows": made.rows, **told}, FINE


def _match(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import naming

    with open_situation(arguments) as situation:
        found = naming.match(
            situation, arguments.name, commune=arguments.commune, near=arguments.at
        )
    return found, FINE if found["place_id"] else FOUND


def _alias(arguments: argparse.Namespace) -> Result:
    from dashboard.operations import naming

    with open_situation(arguments) as situation:
        return naming.confirm_alias(situation, arguments.place, arguments.written), FINE


def _upload(arguments: argparse.Namespace) -> Result:
    from dashboard.intakesheet import told_report
    from dashboard.languages import reading_in
    from dashboard.operations import uploads

    with open_situation(arguments) as situation, reading_in(arguments.lang):
        result = uploads.upload(
            situation,
            arguments.kind,
            arguments.file,
            organisation=arguments.org,
            dry_run=arguments.dry_run,
            rejects=arguments.rejects,
            add_places=arguments.add_places,
            columns=_columns(arguments.column),
            later_dump=arguments.later_dump,
            progress=arguments.progress,
        )
        result = told_report(result)
    return result, FOUND if result["rejected"] else FINE


def _columns(given: list[str]) -> dict[str, str]:
    """Read what the person says of columns."""
    from data.intake.columns import FIELDS
    from geo.errors import InputError

    columns = {}
    for one in given:
        title, equals, field = one.rpartition("=")
        if not equals or (field and field not in FIELDS):
            raise InputError(
                f"--column {one}",
                "TITLE=FIELD with a known field",
                f"such as {', '.join(FIELDS[:12])}",
            )
        columns[title.strip()] = field
    return columns
