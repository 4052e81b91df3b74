"""The one comment on a pull request: found by marker and author over all pages, then updated; made if there is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from esprestack.github.client import Client, told

if TYPE_CHECKING:
    from github.IssueComment import IssueComment


@dataclass(frozen=True, slots=True)
class Posted:
    """Where the comment is."""

    url: str
    created: bool


class Wanted(Protocol):
    """What is to stand in the comment."""

    @property
    def marker(self) -> str:
        """The line that makes a comment this one."""

    def body(self, found: Sequence[str], budget: int) -> str:
        """The whole body in at most `budget` bytes. `found`: what our comments say so far, the oldest first."""


def upsert(client: Client, number: int, wanted: Wanted, budget: int, *, only_if_there: bool = False) -> Posted | None:
    """Updates our comment on pull request `number`, or makes it; None where there is none and none is to be made.

    Raises NotPermittedError where the token may not write, GithubError for anything else.
    """
    with told(f"to comment on pull request #{number}", "pull-requests: write"):
        issue = client.repository.get_issue(number)
        ours = our_comments(client, number, wanted.marker)
        body = wanted.body([comment.body for comment in ours], budget)
        if ours:
            found = ours[0]
            if found.body != body:
                client.write(lambda: found.edit(body))
            return Posted(found.html_url, created=False)
        if only_if_there:
            return None
        return Posted(client.write(lambda: issue.create_comment(body)).html_url, created=True)


def our_comments(client: Client, number: int, marker: str) -> "list[IssueComment]":
    """Our comments with that marker at the start of a line, the oldest first. Raises what PyGithub raises."""
    line = re.compile(rf"^{re.escape(marker)}\s*$", re.MULTILINE)
    return [
        comment
        for comment in client.repository.get_issue(number).get_comments()
        if comment.user and comment.user.login == client.login and line.search(comment.body or "")
    ]
