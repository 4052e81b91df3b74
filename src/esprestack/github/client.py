"""One token's GitHub client for one repository: who it is, what it was refused, and how fast it may write."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from esprestack.errors import GithubError, Problem

if TYPE_CHECKING:
    from github.Repository import Repository

ACTIONS_BOT = "github-actions[bot]"
"""The author of what GITHUB_TOKEN writes; that token may not ask who it is."""

RETRIES = 3

SECONDS_BETWEEN_WRITES = 1.0
"""https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api"""

_T = TypeVar("_T")


class NotPermittedError(GithubError):
    """The token may not write here: a pull request from a fork, or missing `permissions:`."""


class Client:
    """The repository through the API at GITHUB_API_URL."""

    def __init__(self, token: str, repository: str) -> None:
        from github import Auth, Github, GithubRetry

        url = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
        retry = GithubRetry(total=RETRIES, backoff_factor=1.0)
        self._github: Github = Github(
            auth=Auth.Token(token), base_url=url, per_page=100, retry=retry, timeout=30, lazy=True
        )
        self._name = repository
        self._written = float("-inf")

    @cached_property
    def repository(self) -> "Repository":
        """Made without a request."""
        return self._github.get_repo(self._name)

    @cached_property
    def login(self) -> str:
        """Whose token this is: only what that user wrote is ours."""
        from github import GithubException

        try:
            return self._github.get_user().login
        except GithubException as error:
            if error.status in (401, 403, 404):
                return ACTIONS_BOT
            raise

    def write(self, call: Callable[[], _T]) -> _T:
        """What `call` answers, at least SECONDS_BETWEEN_WRITES after the last write."""
        time.sleep(max(0.0, self._written + SECONDS_BETWEEN_WRITES - time.monotonic()))
        try:
            return call()
        finally:
            self._written = time.monotonic()


@contextmanager
def told(doing: str, permission: str) -> Iterator[None]:
    """Turns what PyGithub raises into GithubError. `doing`: `to comment on pull request #7`; `permission`: as in YAML.

    Raises NotPermittedError where the token may not do this.
    """
    from github import GithubException
    from requests import RequestException

    try:
        yield
    except GithubException as error:
        said = error.data.get("message", "") if isinstance(error.data, dict) else ""
        what = f"GitHub refused {doing}: {error.status} {said}"
        if error.status in (401, 403, 404):
            todo = f"give the job `permissions: {permission}`; a fork's pull request can't have it"
            raise NotPermittedError(Problem(what, todo=todo)) from None
        raise GithubError(Problem(what)) from None
    except RequestException as error:
        what = f"GitHub can't be reached: {type(error).__name__}"
        raise GithubError(Problem(what, todo="check network, proxy and GITHUB_API_URL")) from None
