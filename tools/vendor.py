#!/usr/bin/env python3
"""Bring the page's scripts, styles and fonts into the repository, or check that they are unaltered.

The page needs no foreign host, so what it shows comes from `dashboard/static/vendor`. A developer
runs this script to fetch the packages of `PACKAGES` with npm, pinned by version and by the
integrity hash that npm records; the chosen files and `manifest.json` (version, licence, SHA-256 of
every file) are committed. Nobody else needs npm.

    python tools/vendor.py            fetch anew
    python tools/vendor.py --check    compare the committed files with the manifest; no network
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

VENDOR = Path(__file__).resolve().parent.parent / "dashboard" / "static" / "vendor"
MANIFEST = "manifest.json"
MAX_FILE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A pinned npm package and the files of it that the page uses (paths inside the package)."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Folder under `VENDOR`; it names the version, so a new version has new addresses."""
        return f"{self.name.rpartition('/')[2]}-{self.version}"


PACKAGES = (
    Package(
        name="leaflet",
        version="1.9.4",
        integrity="sha512-nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA==",
        files=(
            "LICENSE",
            "dist/leaflet.js",
            "dist/leaflet.css",
            "dist/images/layers.png",
            "dist/images/layers-2x.png",
            "dist/images/marker-icon.png",
            "dist/images/marker-icon-2x.png",
            "dist/images/marker-shadow.png",
        ),
    ),
    Package(
        name="protomaps-leaflet",
        version="5.1.0",
        integrity="sha512-N0YY1Gbw5nZ9n8VUOvwHKm/w3zhTTuaZEeMZl8doHemeM4ujGPp2otI6t4Sgqrz8iM4svx2rpG1Q17rHkOWSaA==",
        files=("LICENSE", "dist/protomaps-leaflet.js"),
    ),
    Package(
        name="@fontsource/noto-sans",
        version="5.3.0",
        integrity="sha512-fBCog2PY7DiVVTEEqtI/Qdinx/knobHYfoGpjFXdfBX5RoJaBp1Prw2G75p0OIsdlMZg3cLo0c+YbIUYOxnQJw==",
        files=(
            "LICENSE",
            "files/noto-sans-latin-400-normal.woff2",
            "files/noto-sans-latin-700-normal.woff2",
            "files/noto-sans-latin-ext-400-normal.woff2",
        ),
    ),
    Package(
        name="@fontsource/noto-sans-arabic",
        version="5.3.0",
        integrity="sha512-i3t6GR0LOReyJVEk+YfYCnxv53wuIelg7Y9NGNvOq4Diq/EP0YszaGXkQwfQNigLjfO4POrLaPGM0sNliGYk7A==",
        files=(
            "LICENSE",
            "files/noto-sans-arabic-arabic-400-normal.woff2",
            "files/noto-sans-arabic-arabic-700-normal.woff2",
        ),
    ),
    Package(
        name="@fontsource/noto-sans-tifinagh",
        version="5.3.0",
        integrity="sha512-9/VWG0COD5cESsWW5AGDDdaxbQEfqalDUkBaSzsxo3QzRoqhMEA/yGcvM7cL0ENvidELBHPKbD1PJve1oEhFZA==",
        files=(
            "LICENSE",
            "files/noto-sans-tifinagh-tifinagh-400-normal.woff2",
        ),
    ),
)


def main(argv: list[str] | None = None) -> int:
    """Fetch or check; the exit status is 0 if all is well, 1 if not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare with the manifest; no network"
    )
    if not parser.parse_args(argv).check:
        fetch(VENDOR)
    problems = check(VENDOR)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{VENDOR.name}: {len(PACKAGES)} packages as the manifest says")
    return 1 if problems else 0


def fetch(vendor: Path, packages: tuple[Package, ...] = PACKAGES) -> None:
    """Replace `vendor` by the chosen files of `packages` and write the manifest."""
    entries = []
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name) / "vendor"
        for package in packages:
            tarball = _pack(package, Path(name))
            entries.append(_unpack(package, tarball, fresh / package.folder))
        (fresh / MANIFEST).write_text(
            json.dumps({"packages": entries}, indent=1) + "\n", encoding="utf-8"
        )
        if vendor.exists():
            shutil.rmtree(vendor)
        shutil.copytree(fresh, vendor)


def check(vendor: Path) -> list[str]:
    """Compare the files under `vendor` with its manifest; one line for each difference."""
    manifest = json.loads((vendor / MANIFEST).read_text(encoding="utf-8"))
    expected = {
        f"{entry['folder']}/{file['path']}": file["sha256"]
        for entry in manifest["packages"]
        for file in entry["files"]
    }
    found = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(vendor.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    problems = [f"{path}: in the manifest, but missing" for path in expected.keys() - found.keys()]
    problems += [f"{path}: not in the manifest" for path in found.keys() - expected.keys()]
    problems += [
        f"{path}: altered since it was fetched"
        for path in expected.keys() & found.keys()
        if expected[path] != found[path]
    ]
    return sorted(problems)


def _pack(package: Package, folder: Path) -> Path:
    done = subprocess.run(
        ["npm", "pack", f"{package.name}@{package.version}", "--json", "--ignore-scripts"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    answer: Any = json.loads(done.stdout)
    packed = answer[0] if isinstance(answer, list) else next(iter(answer.values()))
    tarball = folder / str(packed["filename"])
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    found = "sha512-" + base64.b64encode(digest).decode("ascii")
    if found != package.integrity:
        raise SystemExit(
            f"{package.name}@{package.version}: integrity {found}, {package.integrity} is pinned; "
            "do not use this package before you know why"
        )
    return tarball


def _unpack(package: Package, tarball: Path, folder: Path) -> dict[str, Any]:
    files = []
    with tarfile.open(tarball, "r:gz") as archive:
        licence = json.loads(_member(archive, "package.json"))["license"]
        for path in package.files:
            content = _member(archive, path)
            target = folder / PurePosixPath(path).name
            if path.startswith("dist/images/"):
                target = folder / "images" / PurePosixPath(path).name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            files.append(
                {
                    "path": target.relative_to(folder).as_posix(),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "bytes": len(content),
                }
            )
    return {
        "name": package.name,
        "version": package.version,
        "licence": licence,
        "integrity": package.integrity,
        "folder": package.folder,
        "files": files,
    }


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    member = archive.getmember(f"package/{path}")
    if not member.isfile() or member.size > MAX_FILE_BYTES:
        raise SystemExit(f"{path}: {member.size} bytes; a file under {MAX_FILE_BYTES} is needed")
    stream = archive.extractfile(member)
    if stream is None:
        raise SystemExit(f"{path}: not a file of this package")
    return stream.read()


if __name__ == "__main__":
    raise SystemExit(main())
