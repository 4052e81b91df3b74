"""HTTP/1.1 POSTs to one host, over connections that are kept open. Knows nothing of AWS.

In: headers and a body; out: the whole answer, or an error that says whether anything can have been sent. Nothing is
asked again here, no redirect is followed and no proxy is used.

https://www.rfc-editor.org/rfc/rfc9112 (messages), https://www.rfc-editor.org/rfc/rfc9110 (their meaning)
"""

import re
import select
import socket
import ssl
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
"""How long one address may take to connect, TLS included."""
READ_SECONDS = 30.0
"""How long a server may stay silent."""

_HEAD_MOST = 65_536
_CHUNK_LINE_MOST = 4_096
_RECEIVED = 65_536
"""Bytes; asked of the socket at once."""
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?\Z")
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?\Z")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class NotConnectedError(Exception):
    """There is no connection, and so nothing was sent; its cause says why."""


class BrokenReplyError(Exception):
    """The answer ended early, or isn't HTTP. What was asked for may have been done."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpPool:
    """The connections to the host of one URL, shared by all threads: each call has one to itself.

    `tls` makes the context of an https URL; it is called for each new connection.
    """

    def __init__(self, url: str, tls: Callable[[], ssl.SSLContext]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"Invalid endpoint: {url}")
        self._tls = tls if parts.scheme == "https" else None
        usual = 443 if self._tls else 80
        self._address = parts.hostname, parts.port or usual
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.host = host if self._address[1] == usual else f"{host}:{parts.port}"
        """What a request has to say in its header Host."""
        self.target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        """Path and query of the URL."""
        self._idle: deque[_Connection] = deque()
        weakref.finalize(self, _close_all, self._idle)

    def post(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer of the URL itself; see `send`."""
        return self.send("POST", self.target, headers, body)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer. `headers` have to name the Host (`host`); the length of the body is added.

        Raises NotConnectedError, ssl.SSLError, TimeoutError (silent too long), OSError and BrokenReplyError; for a
        header that would break its line a ValueError without the value.
        """
        head = _head(method, target, headers, len(body))
        connection = self._open_one() or self._connect()
        kept = False
        try:
            connection.send(head + body)
            reply, kept = connection.receive()
            return reply
        finally:
            if kept:
                self._idle.append(connection)
            else:
                connection.close()

    def _open_one(self) -> "_Connection | None":
        """The connection that was used last, unless the server has closed it meanwhile."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.is_quiet:
                return connection
            connection.close()
        return None

    def _connect(self) -> "_Connection":
        context = self._tls() if self._tls else None
        try:
            connected = socket.create_connection(self._address, CONNECT_SECONDS)
        except OSError as error:
            raise NotConnectedError(str(error)) from error
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                connected = context.wrap_socket(connected, server_hostname=self._address[0])
        except ssl.SSLError:
            connected.close()
            raise
        except OSError as error:
            connected.close()
            raise NotConnectedError(str(error)) from error
        connected.settimeout(READ_SECONDS)
        return _Connection(connected)


def _close_all(connections: "deque[_Connection]") -> None:
    while connections:
        connections.pop().close()


def _head(method: str, target: str, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        if "\r" in value or "\n" in value or "\0" in value:
            raise ValueError(f"the header {name} would have a line break in it")
        lines.append(f"{name}: {value}")
    if length or method != "GET":
        lines.append(f"Content-Length: {length}")
    lines += ["", ""]
    return "\r\n".join(lines).encode("latin-1")


class _Connection:
    """One connection, with what was received on it and not read yet."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._unread = b""
        self._readable = select.poll()
        self._readable.register(connected, select.POLLIN)

    @property
    def is_quiet(self) -> bool:
        """Whether it can be used again: nothing comes in, neither an end nor an answer that nobody asked for."""
        return not self._readable.poll(0)

    def close(self) -> None:
        self._socket.close()

    def send(self, message: bytes) -> None:
        self._socket.sendall(message)

    def receive(self) -> tuple[Reply, bool]:
        """The next answer, and whether another one can come after it."""
        status = 100
        while 100 <= status < 200:  # AWS's "go on" to who didn't ask
            minor, status, headers = _parsed(self._until(b"\r\n\r\n", _HEAD_MOST))
        body, ends = self._body(status, headers)
        closes = "close" in headers.get("connection", "").lower()
        return Reply(status, headers, body), ends and minor == 1 and not closes and not self._unread

    def _body(self, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """The body, and whether it has an end of its own: else the connection's end is it."""
        if status in (204, 304):
            return b"", True
        coding = headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise BrokenReplyError(f"the answer's Transfer-Encoding is {coding[:40]!r}")
            return b"".join(iter(self._chunk, b"")), "content-length" not in headers
        length = headers.get("content-length")
        if length is None:
            return self._rest(), False
        if not _LENGTH.fullmatch(length):
            raise BrokenReplyError(f"the answer's Content-Length is {length[:40]!r}")
        return self._exactly(int(length)), True

    def _chunk(self) -> bytes:
        """The next chunk; empty for the last one, whose trailers are left out."""
        line = self._until(b"\r\n", _CHUNK_LINE_MOST)
        size = _CHUNK.match(line)
        if not size:
            raise BrokenReplyError("a chunk of the answer has no size")
        length = int(size[1], 16)
        if not length:
            while self._until(b"\r\n", _CHUNK_LINE_MOST):
                pass
            return b""
        chunk = self._exactly(length + 2)
        if not chunk.endswith(b"\r\n"):
            raise BrokenReplyError("a chunk of the answer is longer than it says")
        return chunk[:-2]

    def _until(self, end: bytes, most: int) -> bytes:
        """What stands before the next `end`, which is read too."""
        while (at := self._unread.find(end)) < 0:
            if len(self._unread) > most:
                raise BrokenReplyError("the answer isn't HTTP, or its head is too long")
            self._unread += self._more()
        read, self._unread = self._unread[:at], self._unread[at + len(end) :]
        return read

    def _exactly(self, length: int) -> bytes:
        parts, missing = [self._unread], length - len(self._unread)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        whole = b"".join(parts)
        self._unread = whole[length:]
        return whole[:length]

    def _rest(self) -> bytes:
        parts, self._unread = [self._unread], b""
        while part := self._socket.recv(_RECEIVED):
            parts.append(part)
        return b"".join(parts)

    def _more(self) -> bytes:
        part = self._socket.recv(_RECEIVED)
        if not part:
            half = "in the middle of its answer" if self._unread else "without an answer"
            raise BrokenReplyError(f"the server closed the connection {half}")
        return part


def _parsed(head: bytes) -> tuple[int, int, dict[str, str]]:
    """Minor version, status and headers of an answer's head; of a header that comes twice both values."""
    first, *lines = head.split(b"\r\n")
    status = _STATUS.match(first)
    if not status:
        raise BrokenReplyError("the answer isn't HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise BrokenReplyError("the answer has a header without a name")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(status[1]), int(status[2]), headers
