"""ShakeMaps: how strongly the ground moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.operations.loading.layer import LoadOptions, Prepared, prepare_frame, source_of

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.operations.situation import Progress, Situation


def prepare_shakemap(
    situation: Situation, paths: list[Path], options: LoadOptions, progress: Progress
) -> list[Prepared]:
    """Read ShakeMaps."""
    from geo.shaking import shakemap_from_vector
    from geo.vectors import read_vector

    prepared = []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading shaking from {path.name}")
        made_by = source_of(path, options)
        frame = shakemap_from_vector(read_vector(path, layer=options.layer), source=made_by.name)
        prepared.append(prepare_frame(situation, "shakemap", "shakemap", frame, path.name, made_by))
    return prepared
