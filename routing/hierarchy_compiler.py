"""Compilation of the road engine: where compiled code is kept, and who is told before it is made.

Kernels are plain Python over flat arrays until they are first called; numba then turns them into
machine code and keeps it on disk, beside the package or, if that cannot be written to, in the
user's cache folder. Later processes load it in a fraction of a second.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numba
import platformdirs
from numba.core.compiler_lock import global_compiler_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

logger = logging.getLogger(__name__)

Kernel = TypeVar("Kernel", bound="Callable[..., Any]")

#: Seconds on one core of a 2020s machine, all kernels together (measured: `benchmarks/routing.py`).
COMPILE_S = 30


def kernel(function: Kernel) -> Kernel:
    """Compile at the first call, without the interpreter lock, and keep the code on disk."""
    return cast("Kernel", numba.njit(cache=_CAN_KEEP, nogil=True)(function))


def bare_kernel(function: Kernel) -> Kernel:
    """Like `kernel`, without counting references: what it calls may not make arrays.

    For kernels that hand each other tuples of many arrays: counting took ten times as long as the
    work (measured on the search for convoys).
    """
    # `_nrt` is missing in numba's type stubs only.
    bare = cast("Any", numba.njit)(cache=_CAN_KEEP, nogil=True, _nrt=False)
    return cast("Kernel", bare(function))


def wide_kernel(function: Kernel) -> Kernel:
    """Like `bare_kernel`; equal sums that stand side by side become one instruction for eight.

    For straight sums and comparisons of float64 only: LLVM's pass for it (SLP) has made errors with
    small integers, so numba leaves it off (numba/numba#8705), and here it is on while this kernel
    is compiled and no other. It halves the time of a sweep (measured); the kernels are tested to
    give the bits of plain Python. ``NUMBA_SLP_VECTORIZE=0`` leaves it off here too.
    """
    made = bare_kernel(function)
    if os.environ.get("NUMBA_SLP_VECTORIZE") == "0":
        return made
    settings, plain = cast("Any", numba.config), cast("Any", made).compile

    def compile_wide(signature: Any) -> Any:
        with global_compiler_lock:
            before, settings.SLP_VECTORIZE = settings.SLP_VECTORIZE, 1
            try:
                return plain(signature)
            finally:
                settings.SLP_VECTORIZE = before

    cast("Any", made).compile = compile_wide
    return made


def is_kept(kernels: Iterable[Callable[..., Any]]) -> bool:
    """Whether the code of all `kernels` is on disk and not older than their source."""
    return _CAN_KEEP and all(_index_is_current(one) for one in kernels)


def drop_outdated(kernels: Iterable[Callable[..., Any]]) -> None:
    """Forget kept code of `kernels` that is older than the source of any of them.

    numba looks at the file of the kernel only: code of another file that was compiled into it would
    stay as it was. To be called before the first of them.
    """
    kernels = tuple(kernels)
    sources = [Path(one.__code__.co_filename) for one in kernels]
    newest = max((path.stat().st_mtime for path in sources if path.exists()), default=0.0)
    for one, source in zip(kernels, sources, strict=True):
        folder = Path(cast("Any", one).stats.cache_path or "")
        for index in folder.glob(f"{source.stem}.{one.__name__}-*.nbi"):
            # Another process may forget the same code at the same moment.
            with contextlib.suppress(FileNotFoundError):
                if index.stat().st_mtime < newest:
                    index.unlink()


def compile_message(what: str = "the road engine", seconds: int = COMPILE_S) -> str:
    """What to tell a person before the first compilation."""
    kept = "once" if _CAN_KEEP else "now and at every start: no folder to keep it can be written"
    return f"compiling {what}, {kept}, about {seconds} s"


def _index_is_current(one: Callable[..., Any]) -> bool:
    """Whether numba would load the kernel: it compares the content of the source, not its age."""
    return bool(cast("Any", one)._cache._cache_file._load_index())


def _keeping_folder() -> bool:
    """Point numba to a folder that can be written; False if there is none.

    numba itself takes the folder that its variable NUMBA_CACHE_DIR names, then the folder of the
    source. Ours comes after both.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return True
    if _can_write(Path(__file__).parent / "__pycache__"):
        return True
    folder = Path(platformdirs.user_cache_dir("qafila")) / "compiled"
    if not _can_write(folder):
        return False
    cast("Any", numba.config).CACHE_DIR = str(folder)
    return True


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


_CAN_KEEP = _keeping_folder()
