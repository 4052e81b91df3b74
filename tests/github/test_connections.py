"""GitHub behind a company's network: GitHub Enterprise Server's paths, a private certificate authority, a proxy."""

import ipaddress
import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener
from urllib.request import Request as Forwarded

import pytest
from tests.support.github_server import GitHubServer
from tests.support.racer import ours

from esprestack.errors import GithubError
from esprestack.github.client import Client
from esprestack.github.comment import upsert
from esprestack.github.patience import Pauses
from esprestack.telling import Ours

QUICK = Pauses(between_writes=0.0, backoff=0.001, longest=1.0, settling=0.01)


def write(wanted: Ours | None = None) -> None:
    upsert(Client("made-up", "octo/batch", QUICK), 7, wanted or ours("a"), 65_000)


def test_github_enterprise_server_has_its_api_below_a_path_and_graphql_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with GitHubServer(base_path="/api/v3") as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        write()
        write(Ours("default", ours("a", "2/1").section, frozenset({"2/1"})))
        assert server.minimized == {server.comments[7][0].id: "OUTDATED"}
        server.assert_clean()


class _Passing(BaseHTTPRequestHandler):
    """Passes each request on to `inner` and its path; as a forward proxy it is asked for whole addresses."""

    inner = ""
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        asked = Forwarded(self.inner + self.path, body or None, headers, method=self.command)  # noqa: S310 - loopback
        try:
            answer: Any = build_opener(ProxyHandler({})).open(asked)
        except HTTPError as error:
            answer = error
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Passing,), {"seen": seen}))
    Thread(target=server.serve_forever, args=(0.005,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_requests_go_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, proxy: tuple[str, list[str]]
) -> None:
    address, seen = proxy
    with GitHubServer() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("HTTP_PROXY", "")
        monkeypatch.setenv("http_proxy", address)
        write()
        assert len(server.comments[7]) == 1
    assert seen
    assert all(path.startswith(server.site.api.rpartition(":")[0]) for path in seen)


class _Tls:
    """A server with a certificate of a private authority, before the GitHub of the tests."""

    def __init__(self, folder: Path, inner: str) -> None:
        self.authority = folder / "authority.pem"
        certificate, key = _certificate(self.authority, folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        handler = type("Front", (_Passing,), {"seen": [], "inner": inner})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        Thread(target=self.server.serve_forever, args=(0.005,), daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_port}"


def _certificate(authority: Path, folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "t")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return authority, private


def test_a_private_certificate_authority_is_trusted_where_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with GitHubServer() as server:
        front = _Tls(tmp_path, server.url)
        monkeypatch.setenv("GITHUB_API_URL", front.url)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        with pytest.raises(GithubError, match="SSLError"):
            write()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(front.authority))
        write()
        assert len(server.comments[7]) == 1
        front.server.shutdown()
        front.server.server_close()
    assert os.environ["GITHUB_API_URL"].startswith("https://127.0.0.1")
