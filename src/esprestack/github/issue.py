"""Drift issues: found by marker and author among all issues, never by title or search, and written step by step."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from esprestack.github.client import Client, told

if TYPE_CHECKING:
    from github.Issue import Issue
    from github.IssueComment import IssueComment

MOST_OPEN = 2_000
"""Open issues and pull requests that are looked through."""
MOST_CLOSED = 300
"""Closed ones, those that changed last."""

_PERMISSION = "issues: write"


@dataclass(frozen=True, slots=True)
class Kept:
    """One of our issues."""

    number: int
    url: str
    is_open: bool
    body: str


class Issues:
    """The repository's drift issues. Everything raises NotPermittedError or GithubError."""

    def __init__(self, client: Client, labels: Sequence[str]) -> None:
        self._client = client
        self._labels = list(labels)

    def ours(self, prefix: str) -> dict[str, Kept]:
        """Our issues whose marker begins so, by marker; of duplicates the oldest, and the others are closed."""
        with told("to list issues", "issues: read"):
            found: dict[str, Kept] = {}
            for issue in sorted(self._listed(), key=lambda issue: (issue.state != "open", issue.number)):
                line = _marker(issue.body or "", prefix)
                if not line or issue.pull_request or issue.user.login != self._client.login:
                    continue
                if line not in found:
                    found[line] = _kept(issue)
                elif issue.state == "open":
                    self._close_duplicate(issue, found[line].number)
            return found

    def open(self, marker: str, title: str, body: str) -> Kept:
        """Opens an issue, unless another run has just opened it."""
        with told("to open an issue", _PERMISSION):
            repository = self._client.repository

            def stored() -> "Issue | None":
                return next((issue for issue in self._open_issues() if self._is_ours(issue, marker)), None)

            def send() -> "Issue":
                return repository.create_issue(title, body=body, labels=self._labels)

            created = self._client.post(send, stored)
            first = min((issue for issue in self._open_issues() if self._is_ours(issue, marker)), key=_number)
            if first.number != created.number:
                self._close_duplicate(created, first.number)
            return _kept(first)

    def edit(self, number: int, body: str) -> None:
        self._write(number, lambda issue: issue.edit(body=body))

    def remark(self, number: int, text: str) -> None:
        """A comment on the issue."""

        def write(issue: "Issue") -> None:
            def stored() -> "IssueComment | None":
                last = next(iter(issue.get_comments().reversed), None)
                return last if last and last.body == text and last.user.login == self._client.login else None

            self._client.post(lambda: issue.create_comment(text), stored)

        self._write(number, write)

    def close(self, number: int) -> None:
        self._write(number, lambda issue: issue.edit(state="closed", state_reason="completed"))

    def reopen(self, number: int) -> None:
        self._write(number, lambda issue: issue.edit(state="open"))

    def _write(self, number: int, write: "Callable[[Issue], object]") -> None:
        with told(f"to write issue #{number}", _PERMISSION):
            write(self._client.repository.get_issue(number))

    def _close_duplicate(self, issue: "Issue", of: int) -> None:
        issue.create_comment(f"A duplicate of #{of}.")
        issue.edit(state="closed", state_reason="not_planned")

    def _listed(self) -> "Iterator[Issue]":
        yield from self._open_issues()
        closed = self._client.repository.get_issues(state="closed", sort="updated", direction="desc")
        yield from islice(closed, MOST_CLOSED)

    def _open_issues(self) -> "Iterable[Issue]":
        return islice(self._client.repository.get_issues(state="open", sort="updated", direction="desc"), MOST_OPEN)

    def _is_ours(self, issue: "Issue", marker: str) -> bool:
        return _marker(issue.body or "", marker) == marker and issue.user.login == self._client.login


def _marker(body: str, beginning: str) -> str:
    """The line of `body` that is a marker with that beginning."""
    beginning = beginning if beginning.startswith("<!-- ") else f"<!-- {beginning}"
    return next((line.rstrip() for line in body.split("\n") if line.startswith(beginning)), "")


def _kept(issue: "Issue") -> Kept:
    return Kept(issue.number, issue.html_url, issue.state == "open", issue.body or "")


def _number(issue: "Issue") -> int:
    return issue.number
