"""Which pull requests a push has brought to the branch, and what our comments on them say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from esprestack.github.client import Client, told
from esprestack.github.comment import our_comments

MOST_COMMITS = 50
"""Commits of one push that are looked up; of a larger push the newest."""

MOST_RECENT = 30
"""Merged pull requests that are looked through for one whose plan was never applied."""


@dataclass(frozen=True, slots=True)
class Pull:
    """A merged pull request, and the bodies of our comments on it."""

    number: int
    comments: tuple[str, ...]


def brought_by(client: Client, commits: Sequence[str], branch: str, marker: str) -> list[Pull]:
    """The pull requests that `commits` came in by: squashed, merged or rebased. None for what was pushed directly.

    Raises GithubError.
    """
    with told("to look up the merged pull request", "pull-requests: read"):
        numbers = dict.fromkeys(
            pull.number
            for commit in commits[:MOST_COMMITS]
            for pull in client.repository.get_commit(commit).get_pulls()
            if pull.merged_at and pull.base.ref == branch
        )
        return [_read(client, number, marker) for number in numbers]


def recently_merged(client: Client, branch: str, marker: str) -> Iterator[Pull]:
    """The pull requests merged last, one after the other. Raises GithubError."""
    with told("to list merged pull requests", "pull-requests: read"):
        pulls = client.repository.get_pulls(state="closed", base=branch, sort="updated", direction="desc")
        for pull in islice(pulls, MOST_RECENT):
            if pull.merged_at:
                yield _read(client, pull.number, marker)


def _read(client: Client, number: int, marker: str) -> Pull:
    return Pull(number, tuple(comment.body for comment in our_comments(client, number, marker)))
