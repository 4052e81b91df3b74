"""HTTP over kept connections: what is sent, which answers are taken, and what happens when a connection isn't good."""

import gc
import itertools
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.raw_server import CLOSE, Answer, PrivateCa, RawServer, answer

from esprestack import http_pool
from esprestack.http_pool import BrokenReplyError, HttpPool, NotConnectedError, Reply

FINE = answer(b"{}")


def no_tls() -> ssl.SSLContext:
    raise AssertionError


def a_pool(server: RawServer) -> HttpPool:
    return HttpPool(server.url, no_tls)


def posted(pool: HttpPool, body: bytes = b"?") -> Reply:
    return pool.post({"Host": pool.host}, body)


def always(reply: Answer) -> Callable[[bytes], Answer]:
    return lambda _: reply


# -- what is sent ----------------------------------------------------------------------------------------------


def test_a_request_is_sent_as_it_was_given() -> None:
    with RawServer(always(FINE)) as server:
        HttpPool(f"{server.url}/aws?x=1", no_tls).post({"Host": "aws.example", "X-Amz-Target": "A.B"}, b"{}")
        assert server.requests == [
            b"POST /aws?x=1 HTTP/1.1\r\nHost: aws.example\r\nX-Amz-Target: A.B\r\nContent-Length: 2\r\n\r\n{}"
        ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://events.eu-central-1.amazonaws.com", "events.eu-central-1.amazonaws.com"),
        ("https://events.eu-central-1.amazonaws.com:443", "events.eu-central-1.amazonaws.com"),
        ("http://LOCALHOST:4566", "localhost:4566"),
        ("http://localhost:80/", "localhost"),
        ("https://localhost:80", "localhost:80"),
        ("http://[::1]:4566", "[::1]:4566"),
    ],
)
def test_the_host_as_a_header_has_it(url: str, host: str) -> None:
    assert HttpPool(url, no_tls).host == host


@pytest.mark.parametrize("url", ["", "events", "ftp://127.0.0.1", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Invalid endpoint"):
        HttpPool(url, no_tls)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
def test_a_header_that_would_break_its_line_is_not_sent_and_not_told(value: str) -> None:
    with RawServer(always(FINE)) as server:
        pool = a_pool(server)
        with pytest.raises(ValueError, match="the header X-Amz-Security-Token would have a line break") as error:
            pool.post({"Host": pool.host, "X-Amz-Security-Token": value}, b"")
        assert value not in str(error.value)
        assert (server.requests, server.connections) == ([], 0)


# -- answers ---------------------------------------------------------------------------------------------------

ANSWERS = {
    "by its length": (answer(b'{"a": 1}', "200 OK", "X-Amzn-RequestId:  7 "), 200, b'{"a": 1}'),
    "empty": (answer(b""), 200, b""),
    "a refusal": (answer(b"no", "400 Bad Request"), 400, b"no"),
    "without a reason": ((b"HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n",), 503, b""),
    "in chunks": (
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\n{}{}\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"),
        200,
        b"{}{}0123456789",
    ),
    "in chunks with a trailer": (
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\nExpires: never\r\n\r\n",),
        200,
        b"x",
    ),
    "to the connection's end": ((b"HTTP/1.1 200 OK\r\n\r\n", b"{", b"}", CLOSE), 200, b"{}"),
    "of HTTP/1.0": ((b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",), 200, b"{}"),
    "without a body": ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, b""),
    "after a word in between": ((b"HTTP/1.1 100 Continue\r\n\r\n", *answer(b"{}")), 200, b"{}"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read_whole(name: str) -> None:
    pieces, status, body = ANSWERS[name]
    with RawServer(always(pieces)) as server:
        reply = posted(a_pool(server))
        assert (reply.status, reply.body) == (status, body)


def test_headers_are_found_by_their_names_in_lower_case() -> None:
    with RawServer(always(answer(b"", "200 OK", "X-Amzn-RequestId:  7 ", "Via: a", "VIA: b", "X-Empty:"))) as server:
        headers = posted(a_pool(server)).headers
    assert headers == {"x-amzn-requestid": "7", "via": "a, b", "x-empty": "", "content-length": "0"}


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from([name for name in ANSWERS if name != "to the connection's end"]),
    cuts=st.lists(st.integers(1, 90), max_size=6),
)
def test_it_does_not_matter_how_an_answer_is_cut_on_its_way(name: str, cuts: list[int]) -> None:
    pieces, status, body = ANSWERS[name]
    whole = b"".join(pieces)
    places = sorted({0, *(cut % len(whole) for cut in cuts), len(whole)})
    cut_up = [whole[start:end] for start, end in itertools.pairwise(places)]
    with RawServer(always(cut_up)) as server:
        pool = a_pool(server)
        assert [(reply.status, reply.body) for reply in (posted(pool), posted(pool))] == [(status, body)] * 2


BROKEN = {
    "no answer": (CLOSE,),
    "half a status line": (b"HTTP/1.1 20", CLOSE),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", CLOSE),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", CLOSE),
    "half a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", CLOSE),
    "no last chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", CLOSE),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", CLOSE),
    "another version": (b"HTTP/2 200\r\n\r\n", CLOSE),
    "a page without a head": (b"<html>Please sign in</html>" * 4000, CLOSE),
    "a header without a name": (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", CLOSE),
    "a folded header": (b"HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\nContent-Length: 0\r\n\r\n", CLOSE),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", CLOSE),
    "a length below nothing": (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", CLOSE),
    "an unknown coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", CLOSE),
    "a chunk without a size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n", CLOSE),
    "a chunk that is longer than it says": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        CLOSE,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_none(name: str) -> None:
    with RawServer(always(BROKEN[name])) as server, pytest.raises((BrokenReplyError, ConnectionError)):
        posted(a_pool(server))


def test_after_a_broken_answer_the_next_call_has_a_connection_of_its_own() -> None:
    replies = iter([BROKEN["half a body"], FINE])
    with RawServer(lambda _: next(replies)) as server:
        pool = a_pool(server)
        with pytest.raises(BrokenReplyError, match="in the middle of its answer"):
            posted(pool)
        assert posted(pool).body == b"{}"
        assert (server.connections, len(server.requests)) == (2, 2)


# -- connections -----------------------------------------------------------------------------------------------


def test_a_connection_is_used_again() -> None:
    with RawServer(always(FINE)) as server:
        pool = a_pool(server)
        for _ in range(3):
            posted(pool)
        assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"{}", "200 OK", "Connection: close"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", CLOSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",),
    ],
    ids=["close", "HTTP/1.0", "no length", "length and chunks", "an answer that nobody asked for"],
)
def test_a_connection_that_may_not_be_in_step_is_not_used_again(reply: Answer) -> None:
    with RawServer(always(reply)) as server:
        pool = a_pool(server)
        assert [posted(pool).body for _ in range(3)] == [b"{}"] * 3
        assert server.connections == 3


def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    with RawServer(always((*FINE, CLOSE))) as server:
        pool = a_pool(server)
        for _ in range(3):
            assert posted(pool).body == b"{}"
            assert server.ended.acquire(timeout=10)
        assert (server.connections, len(server.requests)) == (3, 3)


def test_every_thread_gets_the_answer_to_its_own_question() -> None:
    with RawServer(lambda request: answer(request.partition(b"\r\n\r\n")[2] * 3)) as server:
        pool = a_pool(server)
        bodies = [str(number).encode() * (number % 7 + 1) for number in range(200)]
        with ThreadPoolExecutor(8) as threads:
            replies = list(threads.map(lambda body: posted(pool, body).body, bodies))
        assert replies == [body * 3 for body in bodies]
        assert server.connections <= 8


def test_the_connections_end_with_their_pool() -> None:
    with RawServer(always(FINE)) as server:
        pool = a_pool(server)
        posted(pool)
        del pool
        gc.collect()
        assert server.ended.acquire(timeout=10)


def test_where_nobody_listens_nothing_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotConnectedError, match="refused"):
        posted(HttpPool(f"http://127.0.0.1:{port}", no_tls))


def test_a_silent_server_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "READ_SECONDS", 0.05)
    go = threading.Event()

    def reply(_: bytes) -> Answer:
        go.wait(10)
        return (CLOSE,)

    with RawServer(reply) as server:
        with pytest.raises(TimeoutError):
            posted(a_pool(server))
        go.set()


# -- TLS -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> PrivateCa:
    return PrivateCa(tmp_path_factory.mktemp("ca"))


def trusting(path: Path | None) -> Callable[[], ssl.SSLContext]:
    return lambda: ssl.create_default_context(cafile=path)


def test_a_trusted_server_is_talked_to(ca: PrivateCa) -> None:
    with RawServer(always(FINE), ca.context("127.0.0.1")) as server:
        pool = HttpPool(server.url, trusting(ca.path))
        assert [posted(pool).body for _ in range(2)] == [b"{}", b"{}"]
        assert server.connections == 1


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("events.example", True), ("127.0.0.2", True)])
def test_a_server_that_is_not_trusted_or_is_another_gets_nothing(ca: PrivateCa, host: str, trusted: bool) -> None:
    with RawServer(always(FINE), ca.context(host)) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            posted(HttpPool(server.url, trusting(ca.path if trusted else None)))
        assert server.requests == []


def test_half_an_answer_over_tls_is_none(ca: PrivateCa) -> None:
    with RawServer(always(BROKEN["half a body"]), ca.context("127.0.0.1")) as server:
        pool = HttpPool(server.url, trusting(ca.path))
        with pytest.raises((BrokenReplyError, OSError)):
            posted(pool)


def test_a_server_that_speaks_no_tls_gets_nothing(ca: PrivateCa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pool, "CONNECT_SECONDS", 0.1)  # it waits for a request that it understands
    with RawServer(always(FINE)) as server:
        with pytest.raises((ssl.SSLError, NotConnectedError)):
            posted(HttpPool(server.url.replace("http:", "https:"), trusting(ca.path)))
        assert server.requests == []
