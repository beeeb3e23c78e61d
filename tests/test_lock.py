"""The pins: complete, current, hash-checked, free of addresses, and of licences we may ship."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("geo", "routing", "data", "dashboard")
LOCKS = ("requirements.lock", "tools/bootstrap.lock")
# A scheme, a host with a path, or a path of somebody's machine.
ADDRESS = re.compile(
    r"https?:|file:|git\+|@ |://|(^|[\s\"'=])(/|\.{1,2}/|~/)\S|--(index|find|extra)"
)
# They bring the OGC schema of KML; nothing of the product imports them.
LGPL_FOR_TESTS_ONLY = {"fastkml", "pygeoif"}
COPYLEFT = re.compile(r"GPL|Affero|General Public License", re.IGNORECASE)
PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|MPL|ISC|Zlib", re.IGNORECASE
)
# Their metadata is silent. Read in November 2026 in the licence file of wheel or repository.
READ_BY_HAND = {
    "axe-playwright-python": "MIT, with axe-core under MPL-2.0",
    "exactextract": "Apache-2.0",
    "pyxform": "BSD-2-Clause",
}


class Pin(NamedTuple):
    """One line of a lock: an exact version and the hashes of its files."""

    version: str
    hashes: list[str]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address_and_no_path(lock: str, checkout: Path) -> None:
    text = (checkout / lock).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if ADDRESS.search(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "numpy @ file:///home/me/numpy.whl",
        "    # via -r /home/me/requirements.in",
        "-e ./geo",
        "--find-links wheels",
    ],
)
def test_address_check_recognises_what_it_looks_for(line: str) -> None:
    assert ADDRESS.search(line)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_has_hashes(lock: str, checkout: Path) -> None:
    pins = _pins(checkout / lock)
    assert pins
    assert [name for name, pin in pins.items() if not pin.hashes] == []
    assert all(
        re.fullmatch(r"[0-9a-f]{64}", value) for pin in pins.values() for value in pin.hashes
    )


def test_every_direct_dependency_is_pinned_within_its_bounds(checkout: Path) -> None:
    """Fails when pyproject.toml was changed without `make lock`."""
    project = _project(checkout)
    groups = project["dependency-groups"]
    pins = _pins(checkout / "requirements.lock")
    stale = []
    for text in [*project["project"]["dependencies"], *_group(groups, "dev")]:
        requirement = Requirement(text)
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin.version):
            stale.append(f"{text}: pinned {pin.version if pin else 'nowhere'}; run `make lock`")
    assert stale == []


def test_bootstrap_lock_holds_the_installer_only(checkout: Path) -> None:
    assert set(_pins(checkout / "tools/bootstrap.lock")) == {"uv"}


def test_no_uv_lock_is_kept(checkout: Path) -> None:
    """That format records download addresses."""
    assert list(checkout.glob("*uv.lock")) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_product_imports_only_what_it_declares(package: str, checkout: Path) -> None:
    """What another dependency happens to bring along today may be gone tomorrow."""
    providers = packages_distributions()
    project = _project(checkout)["project"]
    extras = project["optional-dependencies"]
    shipped = [text for name, texts in extras.items() if name != "bench" for text in texts]
    declared = {
        canonicalize_name(Requirement(text).name) for text in [*project["dependencies"], *shipped]
    }
    foreign = _imported(checkout / package) - set(PACKAGES) - sys.stdlib_module_names
    found = {name: {canonicalize_name(d) for d in providers.get(name, [])} for name in foreign}
    undeclared = {name for name, providing in found.items() if not declared & providing}
    assert undeclared == set()


def test_every_pinned_package_has_a_licence_we_may_use(checkout: Path) -> None:
    """Reads the metadata of what is installed; the decision note tells the result."""
    refused = {}
    for name in _pins(checkout / "requirements.lock"):
        try:
            terms = _licence(name)
        except PackageNotFoundError:
            continue
        if name in LGPL_FOR_TESTS_ONLY:
            continue
        if COPYLEFT.search(terms) or not PERMISSIVE.search(terms):
            refused[name] = terms
    assert refused == {}


def _licence(name: str) -> str:
    fields = metadata(name)
    classifiers = [c for c in fields.get_all("Classifier") or [] if c.startswith("License")]
    stated = fields.get("License-Expression") or (fields.get("License") or "").split("\n")[0]
    return "; ".join([stated, *classifiers]).strip("; ") or READ_BY_HAND.get(name, "not stated")


def _imported(folder: Path) -> set[str]:
    """Top-level names of everything that the modules below a folder import."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names


def _project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


def _group(groups: dict[str, list[str | dict[str, str]]], name: str) -> list[str]:
    texts = []
    for entry in groups[name]:
        texts += _group(groups, entry["include-group"]) if isinstance(entry, dict) else [entry]
    return texts


def _pins(path: Path) -> dict[str, Pin]:
    """Pins by canonical name; a line that is neither pin, hash nor comment is an error."""
    pins: dict[str, Pin] = {}
    current = None
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip().removesuffix("\\").strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("--hash=sha256:"):
            assert current is not None, f"{path.name}: a hash before any pin"
            pins[current].hashes.append(text.removeprefix("--hash=sha256:"))
            continue
        name, separator, version = text.partition("==")
        assert separator, f"{path.name}: {text!r} is no exact pin"
        current = canonicalize_name(name)
        pins[current] = Pin(version.split(";")[0].strip(), [])
    return pins
