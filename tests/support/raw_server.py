"""A server on loopback that answers with the very bytes that a test hands it, however wrong, plain or over TLS."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CLOSE = b""
"""Ends the connection where an answer, or the next piece of one, would come."""

Answer: TypeAlias = Sequence[bytes]
"""The pieces, sent one after the other."""


def answer(body: bytes, status: str = "200 OK", *lines: str) -> Answer:
    """A well-formed answer in one piece."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""])
    return (head.encode() + body,)


class RawServer:
    """`with RawServer(reply) as server:` answers each request with what `reply` makes of it, until the block ends."""

    def __init__(self, reply: Callable[[bytes], Answer], tls: ssl.SSLContext | None = None) -> None:
        self._reply = reply
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)
        """Released by every connection that has ended."""
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        threads = []
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                break
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.append(connection)
        try:
            with contextlib.suppress(OSError):
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                    self._open.append(connection)
                while request := _request(connection):
                    self.requests.append(request)
                    for piece in self._reply(request):
                        if piece == CLOSE:
                            return
                        connection.sendall(piece)
        finally:
            connection.close()
            self.ended.release()


def _request(connection: socket.socket) -> bytes:
    """A whole request with its body; empty at the connection's end."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (part := connection.recv(65_536)):
            return b""
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    length = next(lengths, 0)
    while len(body) < length:
        if not (part := connection.recv(65_536)):
            return b""
        body += part
    return head + b"\r\n\r\n" + body


class PrivateCa:
    """A certificate authority that nobody trusts yet; `path` is its certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a private CA")])
        self._certificate = self._made(self._name, self._key.public_key(), None)
        self.path = folder / "ca.pem"
        self.path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str) -> ssl.SSLContext:
        """A server's context for a name, or an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
        path = self._folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._made(subject, key.public_key(), host).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _made(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, host: str | None) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host:
            name: x509.GeneralName
            try:
                name = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                name = x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
        return builder.sign(self._key, hashes.SHA256())
