"""The text that a web server has, for states: bounded in size and time, with status checked and tokens kept."""

import base64
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from esprestack.state_text import LARGEST, StateUnreadableError, decoded

_SECONDS = 10


class _NoAuthElsewhere(urllib.request.HTTPRedirectHandler):
    """A redirect to another host, or from https to http, doesn't get the token."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            return None
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request and urllib.parse.urlsplit(newurl)[:2] != urllib.parse.urlsplit(req.full_url)[:2]:
            request.remove_header("Authorization")
        return request


def get(url: str, headers: Mapping[str, str]) -> str:
    """The body of the answer. Raises StateUnreadableError, in which nothing of it stands."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise StateUnreadableError(f"it is no address: {error}", "check the address") from None
    if parts.scheme not in ("http", "https"):
        raise StateUnreadableError("the server leads to another kind of address", "name the state's own address")
    given = dict(headers)
    if parts.username:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        given["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _NoAuthElsewhere(),
    ):
        opener.add_handler(handler)
    try:
        with opener.open(urllib.request.Request(url, headers=given), timeout=_SECONDS) as answer:  # noqa: S310
            return decoded(answer.read(LARGEST + 1))
    except urllib.error.HTTPError as error:
        error.close()
        raise StateUnreadableError(
            f"the server answers {error.code}", "check the address and who may read it"
        ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise StateUnreadableError(
            f"the server can't be reached: {reason}", "check address, network and proxy"
        ) from None
