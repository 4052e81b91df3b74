"""The one comment on a pull request: found by marker and author over all pages, then updated; made if there is none."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esprestack import __version__
from esprestack.errors import GithubError, Problem

if TYPE_CHECKING:
    from github import GithubException
    from github.IssueComment import IssueComment

ACTIONS_BOT = "github-actions[bot]"
"""The author of what GITHUB_TOKEN writes; that token may not ask who it is."""

RETRIES = 3


class NotPermittedError(GithubError):
    """The token may not write here: a pull request from a fork, or missing `permissions:`."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where the comment is."""

    url: str
    created: bool


def marked(body: str, key: str, commit: str, plan_hash: str) -> str:
    """`body` below the hidden lines that make it ours."""
    facts = {"commit": commit, "planHash": plan_hash, "version": __version__}
    return f"<!-- esprestack:{key} -->\n<!-- {json.dumps(facts)} -->\n{body}"


class PullRequest:
    """One pull request's comments, through the API at GITHUB_API_URL."""

    def __init__(self, token: str, repository: str, number: int) -> None:
        from github import Auth, Github, GithubRetry

        url = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
        retry = GithubRetry(total=RETRIES, backoff_factor=1.0)
        self._github: Github = Github(
            auth=Auth.Token(token), base_url=url, per_page=100, retry=retry, timeout=30, lazy=True
        )
        self._repository = repository
        self._number = number

    def upsert(self, body: str, key: str, *, always_new: bool = False, only_if_there: bool = False) -> Posted | None:
        """Updates our comment with this key, or makes it; None where there is none and none is to be made.

        Raises NotPermittedError where the token may not write, GithubError for anything else.
        """
        from github import GithubException
        from requests import RequestException

        try:
            issue = self._github.get_repo(self._repository).get_issue(self._number)
            found = None if always_new else next(self._ours(issue.get_comments(), key), None)
            if found is not None:
                if found.body != body:
                    found.edit(body)
                return Posted(found.html_url, created=False)
            if only_if_there:
                return None
            return Posted(issue.create_comment(body).html_url, created=True)
        except GithubException as error:
            raise _refused(error, self._number) from None
        except RequestException as error:
            what = f"GitHub can't be reached: {type(error).__name__}"
            raise GithubError(Problem(what, todo="check network, proxy and GITHUB_API_URL")) from None

    def _ours(self, comments: "Iterable[IssueComment]", key: str) -> "Iterator[IssueComment]":
        marker = re.compile(rf"^<!-- esprestack:{re.escape(key)} -->\s*$", re.MULTILINE)
        login = self._login()
        for comment in comments:
            if comment.user and comment.user.login == login and marker.search(comment.body or ""):
                yield comment

    def _login(self) -> str:
        from github import GithubException

        try:
            return self._github.get_user().login
        except GithubException as error:
            if error.status in (401, 403, 404):
                return ACTIONS_BOT
            raise


def _refused(error: "GithubException", number: int) -> GithubError:
    said = error.data.get("message", "") if isinstance(error.data, dict) else ""
    what = f"GitHub refused to comment on pull request #{number}: {error.status} {said}"
    if error.status in (401, 403, 404):
        todo = "give the job `permissions: pull-requests: write`; a fork's pull request can't have it"
        return NotPermittedError(Problem(what, todo=todo))
    return GithubError(Problem(what))
