"""Several processes that write to one database: no gap, no duplicate, nothing lost."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from data.store import Store

# Says the number of each event as soon as `append` came back: from then on it must never be lost.
WRITER = textwrap.dedent(
    """
    import sys
    from data.events import DepotRegistered, NeedReported, NewEvent, StockMoved
    from data.store import Store

    place, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    store = Store.open(place, wait_s=60)
    depot = f"depot:{name}"
    store.append([NewEvent(payload=DepotRegistered(depot_id=depot, name=name, lon=-8, lat=31))])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        if number % 3:
            payload = NeedReported(
                need_id=f"need:{name}-{number}", place_id="place:1", item_id="tent", quantity=1,
                unit="piece",
            )
        else:
            payload = StockMoved(
                movement_id=f"movement:{name}-{number}", item_id="tent", quantity=2, unit="piece",
                from_account="donor:all", to_account=depot,
            )
        (event,) = store.append([NewEvent(payload=payload, client_id=f"{name}-{number}")])
        print(event.seq, event.hash, flush=True)
    """
)


def start(place: str, name: str, count: int, checkout: Path) -> subprocess.Popen[str]:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, place, name, str(count)],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n", writer.communicate()[1]
    return writer


def release(writer: subprocess.Popen[str]) -> None:
    assert writer.stdin is not None
    writer.stdin.write("\n")
    writer.stdin.flush()


@pytest.mark.parametrize(
    ("n_writers", "n_events"), [(4, 100), pytest.param(8, 500, marks=pytest.mark.slow)]
)
def test_writers_on_one_database_leave_no_gap_and_no_duplicate(
    store: Store, place: str, checkout: Path, n_writers: int, n_events: int
) -> None:
    writers = [start(place, f"w{number}", n_events, checkout) for number in range(n_writers)]
    for writer in writers:
        release(writer)
    acknowledged: list[int] = []
    for writer in writers:
        out, err = writer.communicate(timeout=200)
        assert writer.returncode == 0, err
        acknowledged.extend(int(line.split()[0]) for line in out.splitlines())
    total = 1 + n_writers * (n_events + 1)
    assert len(acknowledged) == len(set(acknowledged)) == n_writers * n_events
    assert [event.seq for event in store.events()] == list(range(1, total + 1))
    finding = store.verify(projections=True)
    assert (finding.ok, finding.events) == (True, total)
    moved = sum(1 for number in range(n_events) if number % 3 == 0)
    assert [line.quantity for line in store.stock()] == [2.0 * moved] * n_writers
    assert len(store.needs()) == n_writers * (n_events - moved)
