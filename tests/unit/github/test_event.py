"""From event to job: only a push to the default branch writes by itself."""

from dataclasses import replace

import pytest

from esprestack.errors import InputError
from esprestack.github.event import Command, Event, decide

PUSH = Event("push", "octo/batch", "refs/heads/main", "c0ffee", "main")
PULL_REQUEST = Event("pull_request", "octo/batch", "refs/pull/7/merge", "c0ffee", "main", pull_request=7)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (PUSH, Command.APPLY),
        (replace(PUSH, ref="refs/heads/topic"), Command.DIFF),
        (replace(PUSH, ref="refs/tags/main"), Command.DIFF),
        (replace(PUSH, default_branch=""), Command.DIFF),
        (PULL_REQUEST, Command.DIFF),
        (replace(PUSH, name="schedule"), Command.DRIFT),
        (replace(PUSH, name="workflow_dispatch"), Command.DIFF),
        (replace(PUSH, name="merge_group"), Command.DIFF),
        (replace(PUSH, name="issue_comment"), Command.DIFF),
        (replace(PULL_REQUEST, name="pull_request_target"), Command.DIFF),
    ],
)
def test_auto_chooses_by_event(event: Event, expected: Command) -> None:
    assert decide(event, Command.AUTO, dry_run=False).command is expected


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "merge_group"])
def test_an_apply_is_refused_where_nothing_is_merged_yet(event: str) -> None:
    with pytest.raises(InputError, match="refused"):
        decide(replace(PULL_REQUEST, name=event), Command.APPLY, dry_run=False)


def test_an_apply_by_hand_works() -> None:
    assert decide(replace(PUSH, name="workflow_dispatch"), Command.APPLY, dry_run=False).command is Command.APPLY


@pytest.mark.parametrize("command", list(Command))
def test_a_dry_run_never_applies(command: Command) -> None:
    assert decide(PUSH, command, dry_run=True).command is not Command.APPLY


def test_only_a_diff_on_a_pull_request_comments() -> None:
    assert decide(PULL_REQUEST, Command.AUTO, dry_run=False).comments
    assert not decide(PULL_REQUEST, Command.DRIFT, dry_run=False).comments
    assert not decide(PUSH, Command.DIFF, dry_run=False).comments
