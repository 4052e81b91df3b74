"""One token's GitHub client for one repository: who it is, what it was refused, and how patient it is."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from esprestack.errors import GithubError, Problem

if TYPE_CHECKING:
    from github.Repository import Repository

    from esprestack.github.patience import Pauses

ACTIONS_BOT = "github-actions[bot]"
"""The author of what GITHUB_TOKEN writes; that token may not ask who it is."""

TRIES = 4

_NOT_ALLOWED = (401, 403, 404)
_GONE = 410

_T = TypeVar("_T")


class NotPermittedError(GithubError):
    """The token may not write here: a pull request from a fork, or missing `permissions:`."""


class Client:
    """The repository through the API at GITHUB_API_URL. Proxies and REQUESTS_CA_BUNDLE are those of requests."""

    def __init__(self, token: str, repository: str, pauses: "Pauses | None" = None) -> None:
        from github import Auth, Github

        from esprestack.github.patience import Patience, Pauses

        logging.getLogger("github").setLevel(logging.CRITICAL)  # it prints refusals that are expected
        self.pauses = pauses or Pauses()
        longest = self.pauses.longest
        self._github: Github = Github(
            auth=Auth.Token(token),
            base_url=os.environ.get("GITHUB_API_URL") or "https://api.github.com",
            per_page=100,
            timeout=30,
            lazy=True,
            seconds_between_requests=None,
            seconds_between_writes=self.pauses.between_writes,
            retry=Patience(
                total=TRIES - 1,
                backoff_factor=self.pauses.backoff,
                max_rate_limit_wait=longest,
                secondary_rate_wait=longest,
            ),
        )
        self._name = repository

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
            if error.status in _NOT_ALLOWED:
                return ACTIONS_BOT
            raise

    def post(self, send: Callable[[], _T], stored: Callable[[], _T | None]) -> _T:
        """What `send` answers, a POST; `stored` looks whether one that failed was carried out after all."""
        from esprestack.github.patience import post

        return post(send, stored, self.pauses, TRIES)


@contextmanager
def told(doing: str, permission: str) -> Iterator[None]:
    """Turns what PyGithub raises into GithubError. `doing`: `to comment on pull request #7`; `permission`: as in YAML.

    Raises NotPermittedError where the token may not do this.
    """
    from github import GithubException
    from requests import RequestException

    from esprestack.github.patience import free_again

    try:
        yield
    except GithubException as error:
        said = error.data.get("message", "") if isinstance(error.data, dict) else ""
        what = f"GitHub refused {doing}: {error.status} {said}"
        if free := free_again(error):
            what = f"GitHub refused {doing}: too many requests; it takes more at {free}"
            raise GithubError(Problem(what, todo="run this job again then")) from None
        if error.status == _GONE or "locked" in said.lower():
            raise NotPermittedError(Problem(what, todo="it is locked, or switched off in the repository")) from None
        if error.status in _NOT_ALLOWED:
            todo = f"give the job `permissions: {permission}`; a fork's pull request can't have it"
            raise NotPermittedError(Problem(what, todo=todo)) from None
        raise GithubError(Problem(what)) from None
    except RequestException as error:
        what = f"GitHub can't be reached: {type(error).__name__}"
        raise GithubError(Problem(what, todo="check network, proxy and GITHUB_API_URL")) from None
