"""What holds for every test: nothing but loopback is reached, and nobody's own credentials are within reach."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("esprestack", deadline=None)  # a slow machine is no failure
settings.load_profile("esprestack")

for name in [name for name in os.environ if name.startswith(("AWS_", "GITHUB_"))]:
    del os.environ[name]


class OutsideConnectionError(RuntimeError):
    """A test wanted to leave this machine. No OSError: those are retried and explained away."""


_attempts: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def nothing_but_loopback() -> Iterator[None]:
    """Sockets connect to loopback and to Unix sockets, and names are looked up for loopback alone."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_outside(self.family, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *others: Any, **named: Any) -> Any:
        _refuse_outside(socket.AF_INET, (host,))
        return getaddrinfo(host, *others, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def outside_attempts(nothing_but_loopback: None) -> Iterator[list[str]]:
    """What this test wanted to reach outside: it fails for it, even where the program caught the refusal."""
    _attempts.clear()
    yield _attempts
    assert _attempts == [], "a test may reach nothing but loopback"


def _refuse_outside(family: int, address: Any) -> None:
    if family == socket.AF_UNIX or _is_loopback(address[0]):
        return
    _attempts.append(str(address))
    raise OutsideConnectionError(f"A test may reach nothing but loopback, this is {address}.")


def _is_loopback(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
