"""ShakeMaps as the USGS writes them, small: `grid.xml`, and contours as GeoJSON with metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from shapely.geometry import Point, mapping

FIELDS = (("LON", "dd"), ("LAT", "dd"), ("MMI", "intensity"), ("PGA", "%g"))


def grid_xml(
    mmi: Sequence[Sequence[float]],
    *,
    event_id: str = "us7000kufc",
    version: int = 3,
    west: float = -8.4,
    north: float = 31.1,
    step: float = 0.1,
) -> str:
    """Write a grid with these intensities, north first, and 10 %g everywhere."""
    n_lat, n_lon = len(mmi), len(mmi[0])
    fields = "".join(
        f'<grid_field index="{n}" name="{name}" units="{unit}" />\n'
        for n, (name, unit) in enumerate(FIELDS, 1)
    )
    lines = "".join(
        f"{west + column * step:.4f} {north - row * step:.4f} {value:g} 10\n"
        for row, values in enumerate(mmi)
        for column, value in enumerate(values)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<shakemap_grid xmlns="http://earthquake.usgs.gov/eqcenter/shakemap" '
        f'event_id="{event_id}" shakemap_id="{event_id}" shakemap_version="{version}" '
        'code_version="4.0" process_timestamp="2023-09-09T01:02:03Z" shakemap_originator="us" '
        'map_status="RELEASED" shakemap_event_type="ACTUAL">\n'
        f'<event event_id="{event_id}" magnitude="6.8" depth="19" lat="31.058" lon="-8.385" '
        'event_timestamp="2023-09-08T22:11:01UTC" event_network="us" '
        'event_description="Morocco" />\n'
        f'<grid_specification lon_min="{west}" lat_min="{north - (n_lat - 1) * step}" '
        f'lon_max="{west + (n_lon - 1) * step}" lat_max="{north}" '
        f'nominal_lon_spacing="{step}" nominal_lat_spacing="{step}" '
        f'nlon="{n_lon}" nlat="{n_lat}" />\n'
        '<event_specific_uncertainty name="pga" value="0.0" numsta="" />\n'
        f"{fields}<grid_data>\n{lines}</grid_data>\n</shakemap_grid>\n"
    )


def contours_json(
    levels: Sequence[float], *, event_id: str = "us7000kufc", version: str = "4"
) -> str:
    """Write circles about 8 W, 31 N as `cont_mmi.json` of ShakeMap 4, the strongest inside."""
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {"value": level, "units": "mmi", "color": "#ff0000", "weight": 4},
            "geometry": {
                "type": "MultiLineString",
                "coordinates": [
                    mapping(Point(-8, 31).buffer(0.4 * (len(levels) - n)).exterior)["coordinates"]
                ],
            },
        }
        for n, level in enumerate(levels)
    ]
    about = {
        "input": {
            "event_information": {
                "event_id": event_id,
                "magnitude": "6.8",
                "depth": "19.0",
                "longitude": "-8.385",
                "latitude": "31.058",
                "origin_time": "2023-09-08T22:11:01.000000Z",
                "location": "Morocco",
            }
        },
        "processing": {
            "shakemap_versions": {"map_version": version, "process_time": "2023-09-10T00:00:00Z"}
        },
    }
    return json.dumps({"type": "FeatureCollection", "metadata": about, "features": features})
