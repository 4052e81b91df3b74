"""The one comment on a pull request: found by marker and author over all pages, then updated; made if there is none.

GitHub has no compare-and-swap, so jobs that write at the same time converge: what was posted is never lost, the oldest
comment wins, and who has seen others looks again until its own section stays (docs/decisions/0016).
"""

import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from esprestack.errors import GithubError, Problem
from esprestack.github.client import Client, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from github.IssueComment import IssueComment

_T = TypeVar("_T")

LONGEST_SETTLING = 60.0
"""Seconds after which it is told that others kept writing over our section."""

_QUIET_ROUNDS = 2
"""How often in a row our section has to be found where others write too."""
_TOO_LONG = 422
_SHORTER = 5
_MOST_MINIMISED = 3


@dataclass(frozen=True, slots=True)
class Posted:
    """Where the comment is."""

    url: str
    warnings: tuple[str, ...] = ()


class Wanted(Protocol):
    """What is to stand in the comment."""

    @property
    def marker(self) -> str:
        """The line that makes a comment this one."""

    def body(self, found: Sequence[str], budget: int) -> str:
        """The whole body in at most `budget` bytes. `found`: what our comments say so far, the oldest first."""

    def is_current(self, body: str) -> bool:
        """Whether that comment is to be updated; one that isn't is of an earlier run, and left behind."""

    def stands_in(self, body: str) -> bool:
        """Whether that comment says what we want to say."""

    def is_alone_in(self, body: str) -> bool:
        """Whether nobody but us writes into that comment, as far as it shows."""

    def holds(self, body: str, other: str) -> bool:
        """Whether the comment `body` has all sections of the comment `other`."""


def upsert(
    client: Client, number: int, wanted: Wanted, budget: int, *, only_if_there: bool = False, crowded: bool = False
) -> Posted | None:
    """Updates our comment on pull request `number`, or makes it; None where there is none and none is to be made.

    `crowded`: others are expected to write into it at this moment. Raises NotPermittedError where the token may not
    write, GithubError for anything else.
    """
    with told(f"to comment on pull request #{number}", "pull-requests: write"):
        return _Upsert(client, number, wanted, budget, crowded).run(only_if_there)


def our_comments(client: Client, number: int, marker: str) -> "list[IssueComment]":
    """Our comments with that marker at the start of a line, the oldest first. Raises what PyGithub raises."""
    line = re.compile(rf"^{re.escape(marker)}\s*$", re.MULTILINE)
    found = [
        comment
        for comment in client.repository.get_issue(number).get_comments()
        if comment.user and comment.user.login == client.login and line.search(comment.body or "")
    ]
    return sorted(found, key=lambda comment: comment.id)


class _Upsert:
    def __init__(self, client: Client, number: int, wanted: Wanted, budget: int, crowded: bool) -> None:
        self._client = client
        self._number = number
        self._wanted = wanted
        self._budget = budget
        self._crowded = crowded
        self._warnings: list[str] = []

    def run(self, only_if_there: bool) -> Posted | None:
        everything = self._listed()
        ours = self._current(everything)
        if not ours and only_if_there:
            return None
        self._leave_behind([comment for comment in everything if comment not in ours])
        deadline = time.monotonic() + LONGEST_SETTLING
        quiet = 0
        while time.monotonic() < deadline:
            if self._written(ours):
                quiet = 0
            elif not self._crowded or quiet >= _QUIET_ROUNDS:
                return Posted(ours[0].html_url, tuple(self._warnings))
            else:
                quiet += 1
            if self._crowded:
                time.sleep(self._client.pauses.settling * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            ours = self._current(self._listed())
        raise GithubError(Problem(f"others kept writing over our section of the comment on #{self._number}"))

    def _written(self, ours: "Sequence[IssueComment]") -> bool:
        """Writes what is missing in our comments, one thing at a time; False where nothing was."""
        if not ours:
            self._create()
            return True
        first, *duplicates = ours
        bodies = [comment.body for comment in ours]
        self._crowded |= bool(duplicates) or not all(map(self._wanted.is_alone_in, bodies))
        missing = [body for body in bodies[1:] if not self._wanted.holds(first.body, body)]
        if missing or not self._wanted.stands_in(first.body):
            self._gone_is_fine(lambda: self._shortened(lambda budget: first.edit(self._wanted.body(bodies, budget))))
            return True
        for duplicate in duplicates:
            self._gone_is_fine(duplicate.delete)
        return bool(duplicates)

    def _create(self) -> None:
        issue = self._client.repository.get_issue(self._number)

        def stored() -> "IssueComment | None":
            return next((found for found in self._listed() if self._wanted.stands_in(found.body)), None)

        self._shortened(
            lambda budget: self._client.post(lambda: issue.create_comment(self._wanted.body((), budget)), stored)
        )

    def _shortened(self, write: "Callable[[int], _T]") -> _T:
        """What `write` answers, with ever smaller budgets where GitHub finds the text too long."""
        from github import GithubException

        for left in reversed(range(_SHORTER)):
            try:
                return write(self._budget)
            except GithubException as error:
                if error.status != _TOO_LONG or not left:
                    raise
                self._budget //= 2
        raise AssertionError  # the last try returns or raises

    def _gone_is_fine(self, write: "Callable[[], object]") -> None:
        """Another job may have deleted a duplicate before us; what isn't there is listed no more."""
        from github import UnknownObjectException

        try:
            write()
        except UnknownObjectException:
            if self._crowded:
                return
            raise

    def _leave_behind(self, old: "Sequence[IssueComment]") -> None:
        """Minimises comments of earlier runs; those before them were minimised by those runs."""
        from github import GithubException

        for comment in old[-_MOST_MINIMISED:]:
            try:
                comment.minimize("OUTDATED")
            except GithubException as error:
                self._warnings.append(f"an older comment couldn't be minimised: {error.status}")
                return

    def _listed(self) -> "list[IssueComment]":
        return our_comments(self._client, self._number, self._wanted.marker)

    def _current(self, comments: "Sequence[IssueComment]") -> "list[IssueComment]":
        return [comment for comment in comments if self._wanted.is_current(comment.body)]
