"""How GitHub's refusals are waited out: what may be asked again is, what was perhaps stored is not sent twice.

Imported where a client is made: PyGithub is heavy.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from github import GithubException, GithubRetry, RateLimitExceededException
from requests import RequestException

_T = TypeVar("_T")

_ASKED_AGAIN = frozenset({"GET", "HEAD", "PATCH", "PUT", "DELETE"})
"""Doing it twice is doing it once; a POST isn't among them."""
_TOO_MANY, _FORBIDDEN, _SERVER = 429, 403, 500


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds. The defaults are GitHub's advice.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    between_writes: float = 1.0
    backoff: float = 1.0
    """Before the second try; doubled for each other."""
    longest: float = 60.0
    """A limit that is longer than that isn't waited for."""
    settling: float = 1.0
    """Longer than the time from a read to the write that builds on it: see comment.py."""


class Patience(GithubRetry):
    """GithubRetry that never waits longer than `max_rate_limit_wait`, whichever header asks for it."""

    def __init__(self, **members: Any) -> None:
        members.setdefault("allowed_methods", _ASKED_AGAIN)
        members.setdefault("status_forcelist", [*range(_SERVER, 600), _TOO_MANY])
        super().__init__(**members)

    def increment(self, *args: Any, **kwargs: Any) -> Any:
        """The next try. Raises RateLimitExceededException where GitHub asks for more patience than there is."""
        response = kwargs.get("response") or (args[2] if len(args) > 2 else None)
        asked = response.headers.get("Retry-After", "") if response is not None else ""
        if response is not None and self.max_rate_limit_wait is not None and _number(asked) > self.max_rate_limit_wait:
            raise RateLimitExceededException(response.status, {"message": "too many requests"}, dict(response.headers))
        return super().increment(*args, **kwargs)


def post(send: Callable[[], _T], stored: Callable[[], _T | None], pauses: Pauses, tries: int) -> _T:
    """What `send` answers, a POST. After a failure that may have come behind the storing, `stored` is asked first.

    Raises what PyGithub and requests raise.
    """
    wait = pauses.backoff
    for left in reversed(range(tries)):
        try:
            return send()
        except GithubException as error:
            limited = _is_limit(error)
            if not left or not (limited or error.status >= _SERVER) or _asked(error) > pauses.longest:
                raise
            time.sleep(max(wait, _asked(error)) if limited else wait)
        except RequestException:
            if not left:
                raise
            time.sleep(wait)
        if (found := stored()) is not None:
            return found
        wait *= 2
    raise AssertionError  # the last try returns or raises


def free_again(error: GithubException) -> str:
    """When GitHub takes requests again, as `12:34 UTC`; empty where the limit isn't the reason."""
    if not _is_limit(error):
        return ""
    return f"{datetime.fromtimestamp(time.time() + _asked(error), UTC):%H:%M} UTC"


def _is_limit(error: GithubException) -> bool:
    headers = error.headers or {}
    return (
        isinstance(error, RateLimitExceededException)
        or error.status == _TOO_MANY
        or (error.status == _FORBIDDEN and "retry-after" in {name.lower() for name in headers})
    )


def _asked(error: GithubException) -> float:
    """The seconds that GitHub asks to wait."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if seconds := _number(headers.get("retry-after", "")):
        return seconds
    if headers.get("x-ratelimit-remaining") == "0":
        return max(0.0, _number(headers.get("x-ratelimit-reset", "")) - time.time())
    return 0.0


def _number(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0
