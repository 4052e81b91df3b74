"""The guard of all tests: a connection that would leave this machine is refused, and told even if it was caught."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.conftest import OutsideConnectionError

OUTSIDE = ("192.0.2.1", 443)  # https://www.rfc-editor.org/rfc/rfc5737: an address that nobody has


def by_connect() -> None:
    with socket.socket() as client:
        client.connect(OUTSIDE)


def by_connect_ex() -> None:
    with socket.socket() as client:
        client.connect_ex(OUTSIDE)


def by_name() -> None:
    socket.create_connection(("events.eu-central-1.amazonaws.com", 443))


@pytest.mark.parametrize("attempt", [by_connect, by_connect_ex, by_name])
def test_a_connection_to_the_outside_is_refused_and_remembered(
    attempt: Callable[[], None], outside_attempts: list[str]
) -> None:
    with pytest.raises(OutsideConnectionError):
        attempt()
    assert len(outside_attempts) == 1
    outside_attempts.clear()


def test_an_attempt_in_a_thread_that_swallows_errors_is_remembered_too(outside_attempts: list[str]) -> None:
    def careless() -> None:
        with suppress(Exception):
            by_connect()

    thread = threading.Thread(target=careless)
    thread.start()
    thread.join()
    assert outside_attempts == [str(OUTSIDE)]
    outside_attempts.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection((host, server.getsockname()[1])):
        pass


def test_unix_sockets_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("socket")
        server.listen()
        client.connect("socket")


def test_nobodys_own_credentials_are_within_reach() -> None:
    assert [name for name in os.environ if name.startswith(("AWS_", "GITHUB_"))] == []
