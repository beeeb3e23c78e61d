"""One question to the network, once, with limits; and one clear line where there is no answer."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from data.retrieve import (
    LONGEST_WAIT_S,
    Endpoints,
    FetchError,
    HttpRetriever,
    Request,
)
from geo.errors import InputError, TooLargeError, UnreadableError
from tests.stand_in import Answer, closed_port, stand_in


@pytest.fixture
def waits():
    return []


@pytest.fixture
def retriever(tmp_path, waits):
    return HttpRetriever(tmp_path / "cache", wait=waits.append, timeout=5)


def test_an_answer_is_kept_with_a_sidecar_and_not_asked_for_again(retriever):
    with stand_in({"/a": Answer(b"data")}) as server:
        request = Request(url=f"{server.url}/a", licence="ODbL-1.0")
        first, again = retriever.retrieve(request), retriever.retrieve(request)
    assert first.path.read_bytes() == b"data"
    assert (first.from_cache, again.from_cache) == (False, True)
    assert len(server.asked) == 1
    assert again.retrieved_at == first.retrieved_at
    assert datetime.now(UTC) - again.retrieved_at < timedelta(minutes=1)
    sidecar = json.loads(first.path.with_suffix(".json").read_text())
    assert sidecar["url"] == request.url
    assert sidecar["licence"] == "ODbL-1.0"
    assert sidecar["sha256"] == first.sha256
    assert {"retrieved_at", "qafila"} <= set(sidecar)


def test_what_is_in_the_cache_needs_no_network(tmp_path, retriever):
    with stand_in({"/a": Answer(b"data")}) as server:
        request = Request(url=f"{server.url}/a")
        retriever.retrieve(request)
    assert retriever.retrieve(request).path.read_bytes() == b"data"


def test_another_query_or_form_is_another_question(retriever):
    with stand_in({"/a": lambda asked: Answer(repr((asked.query, asked.form)).encode())}) as server:
        answers = {
            retriever.retrieve(Request(url=f"{server.url}/a{query}", form=form)).path.read_bytes()
            for query in ("", "?q=1", "?q=2")
            for form in ({}, {"data": "x"}, {"data": "y"})
        }
    assert len(answers) == 9


def test_a_form_is_posted_and_the_caller_is_named(retriever):
    with stand_in({"/a": Answer(b"data")}) as server:
        retriever.retrieve(Request(url=f"{server.url}/a", form={"data": "[out:xml];é"}))
    assert server.asked[0].method == "POST"
    assert server.asked[0].form == {"data": ["[out:xml];é"]}
    assert server.asked[0].headers["user-agent"].startswith("qafila/")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_waits(retriever, waits, status):
    with stand_in(
        {"/a": [Answer(status=status), Answer(status=status), Answer(b"data")]}
    ) as server:
        assert retriever.retrieve(Request(url=f"{server.url}/a")).path.read_bytes() == b"data"
    assert len(server.asked) == 3
    assert 2 <= waits[0] <= 3
    assert 4 <= waits[1] <= 6


def test_a_server_that_stays_busy_is_given_up_with_what_was_tried(retriever, waits):
    with (
        stand_in({"/a": Answer(status=429)}) as server,
        pytest.raises(
            FetchError, match=r"tried 4 times.*status 429.*everything else works without"
        ),
    ):
        retriever.retrieve(Request(url=f"{server.url}/a"))
    assert len(server.asked) == 4
    assert len(waits) == 3


def test_the_wait_that_a_server_asks_for_is_kept_within_reason(retriever, waits):
    busy = [
        Answer(status=429, headers={"retry-after": "20"}),
        Answer(status=429, headers={"retry-after": "86400"}),
        Answer(status=503, headers={"retry-after": "soon"}),
        Answer(b"data"),
    ]
    with stand_in({"/a": busy}) as server:
        retriever.retrieve(Request(url=f"{server.url}/a"))
    assert 20 <= waits[0] <= 30
    assert waits[1] <= LONGEST_WAIT_S * 1.5
    assert 8 <= waits[2] <= 12


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_other_statuses_are_final(retriever, waits, status):
    with (
        stand_in({"/a": Answer(status=status)}) as server,
        pytest.raises(FetchError, match=f"tried once.*status {status}") as caught,
    ):
        retriever.retrieve(Request(url=f"{server.url}/a"))
    assert caught.value.status == status
    assert len(server.asked) == 1
    assert waits == []


def test_without_a_network_one_line_says_what_was_tried_and_that_all_else_works(retriever):
    with closed_port() as url, pytest.raises(FetchError) as caught:
        retriever.retrieve(Request(url=f"{url}/a"))
    message = str(caught.value)
    assert "127.0.0.1 (tried 2 times): it cannot be reached" in message
    assert "everything else works without" in message
    assert "qafila load roads" in message
    assert "\n" not in message
    assert caught.value.status == 0


def test_an_answer_over_the_limit_is_stopped_and_not_kept(retriever):
    with (
        stand_in({"/a": Answer(b"x" * 2001)}) as server,
        pytest.raises(TooLargeError, match="longer than"),
    ):
        retriever.retrieve(Request(url=f"{server.url}/a", max_bytes=2000))
    assert not any(path.is_file() for path in retriever.cache_dir.rglob("*"))


def test_an_answer_that_fails_its_check_is_not_kept(retriever):
    def check(path):
        raise UnreadableError("answer", "it is no map", "try again")

    with stand_in({"/a": Answer(b"<html>")}) as server:
        request = Request(url=f"{server.url}/a", check=check)
        for _ in range(2):
            with pytest.raises(UnreadableError, match="no map"):
                retriever.retrieve(request)
    assert len(server.asked) == 2
    assert not any(path.is_file() for path in retriever.cache_dir.rglob("*"))


@pytest.mark.parametrize("damage", ["data", "sidecar", "gone"])
def test_a_damaged_cache_is_fetched_again(retriever, damage):
    with stand_in({"/a": Answer(b"data")}) as server:
        request = Request(url=f"{server.url}/a")
        kept = retriever.retrieve(request)
        if damage == "data":
            kept.path.write_bytes(b"dat")
        elif damage == "sidecar":
            kept.path.with_suffix(".json").write_text("{")
        else:
            kept.path.unlink()
        assert retriever.retrieve(request).path.read_bytes() == b"data"
    assert len(server.asked) == 2


def test_a_redirect_on_the_same_host_is_followed(retriever):
    with stand_in(
        {"/a": Answer(status=302, headers={"location": "/b"}), "/b": Answer(b"data")}
    ) as server:
        assert retriever.retrieve(Request(url=f"{server.url}/a")).path.read_bytes() == b"data"


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest", "http://localhost:1/", "//other.example/", "file:///etc"],
)
def test_a_redirect_to_another_host_is_not_followed(retriever, location):
    with (
        stand_in({"/a": Answer(status=302, headers={"location": location})}) as server,
        pytest.raises(FetchError, match="redirects to another host"),
    ):
        retriever.retrieve(Request(url=f"{server.url}/a"))


def test_a_redirect_to_another_port_is_not_followed(retriever):
    with stand_in({"/b": Answer(b"secret")}) as inner:
        answers = {"/a": Answer(status=302, headers={"location": f"{inner.url}/b"})}
        with stand_in(answers) as server, pytest.raises(FetchError, match="another host"):
            retriever.retrieve(Request(url=f"{server.url}/a"))
    assert inner.asked == []


def test_redirects_in_a_circle_end(retriever):
    with (
        stand_in({"/a": Answer(status=302, headers={"location": "/a"})}) as server,
        pytest.raises(FetchError, match="more than 3 redirects"),
    ):
        retriever.retrieve(Request(url=f"{server.url}/a"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/a", "http://u:p@host/a", "a b"])
def test_only_plain_http_addresses_are_asked(retriever, url):
    with pytest.raises(InputError, match="http"):
        retriever.retrieve(Request(url=url))


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with (
        stand_in({"/a": Answer(b"data")}) as server,
        pytest.raises(UnreadableError, match=r"cannot be written.*QAFILA_CACHE"),
    ):
        HttpRetriever(tmp_path / "cache").retrieve(Request(url=f"{server.url}/a"))


def test_endpoints_come_from_the_environment(tmp_path):
    found = Endpoints.from_environment(
        {"QAFILA_CACHE": str(tmp_path), "QAFILA_OVERPASS_URL": "http://127.0.0.1:8000/api/"}
    )
    assert found.overpass_url == "http://127.0.0.1:8000/api"
    assert found.cache == tmp_path
    assert found.elevation_url.startswith("https://")
    assert Endpoints.from_environment({}).cache.is_absolute()


def test_an_endpoint_that_is_no_address_is_named():
    with pytest.raises(InputError, match="QAFILA_OVERPASS_URL: 'overpass'"):
        Endpoints.from_environment({"QAFILA_OVERPASS_URL": "overpass"})
