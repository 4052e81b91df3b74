"""What happened on GitHub, and what to do about it: the event's payload → Event, and Event → Job, both pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from esprestack.errors import InputError, Problem

REFUSED_FOR_APPLY = frozenset({"pull_request", "pull_request_target", "merge_group"})
"""Events on which nothing may be written to AWS, whatever the inputs say."""


class Command(StrEnum):
    AUTO = "auto"
    DIFF = "diff"
    APPLY = "apply"
    DRIFT = "drift"
    VALIDATE = "validate"


@dataclass(frozen=True, slots=True)
class Event:
    """The part of an event that matters here.

    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
    """

    name: str
    repository: str
    ref: str
    commit: str
    default_branch: str
    pull_request: int | None = None
    is_fork: bool = False
    run_url: str = ""
    commits: tuple[str, ...] = ()
    """What a push brought, the newest first."""
    workflow: str = ""
    """The path of the workflow's file."""
    files: str = ""
    """Address of the repository's files at the commit."""

    @property
    def is_push_to_default_branch(self) -> bool:
        return self.name == "push" and self.ref == f"refs/heads/{self.default_branch}"


@dataclass(frozen=True, slots=True)
class Job:
    """What to run, why, and whether the pull request is told."""

    command: Command
    comments: bool = False
    why: str = ""


def read_event(environ: Mapping[str, str]) -> Event:
    """The event of this run from the variables and the payload file that GitHub's runner gives."""
    payload: dict[str, Any] = {}
    if path := environ.get("GITHUB_EVENT_PATH"):
        try:
            payload = json.loads(Path(path).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(Problem(f"GITHUB_EVENT_PATH can't be read: {error}")) from None
    repository = payload.get("repository") or {}
    pull_request = payload.get("pull_request") or {}
    head = pull_request.get("head") or {}
    name = environ.get("GITHUB_REPOSITORY") or repository.get("full_name") or ""
    server, run = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_RUN_ID", "")
    commit = head.get("sha") or environ.get("GITHUB_SHA", "")
    pushed = [str(item.get("id", "")) for item in reversed(payload.get("commits") or [])]
    return Event(
        name=environ.get("GITHUB_EVENT_NAME", ""),
        repository=name,
        ref=environ.get("GITHUB_REF", ""),
        commit=commit,
        default_branch=repository.get("default_branch") or "",
        pull_request=pull_request.get("number"),
        is_fork=bool(pull_request) and (head.get("repo") or {}).get("full_name") != name,
        run_url=f"{server}/{name}/actions/runs/{run}" if run and name else "",
        commits=tuple(dict.fromkeys(filter(None, [commit, *pushed]))),
        workflow=environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].removeprefix(f"{name}/"),
        files=f"{server}/{name}/blob/{commit}" if commit and name else "",
    )


def decide(event: Event, command: Command, dry_run: bool) -> Job:
    """What to do on `event`. Only a push to the default branch writes by itself.

    Raises InputError for an apply where nothing may be written.
    """
    comments = event.name == "pull_request" and event.pull_request is not None
    if command is Command.APPLY and event.name in REFUSED_FOR_APPLY and not dry_run:
        what = f"`command: apply` is refused on `{event.name}`: what is applied must have been merged"
        raise InputError(Problem(what, todo="use `command: auto`, which applies on a push to the default branch"))
    if command is Command.AUTO:
        command, why = _by_event(event)
    else:
        why = f"`command: {command}`"
    if dry_run and command is Command.APPLY:
        return Job(Command.DIFF, comments, f"{why}, but `dry-run` is set")
    return Job(command, comments and command is Command.DIFF, why)


def _by_event(event: Event) -> tuple[Command, str]:
    if event.is_push_to_default_branch:
        return Command.APPLY, "a push to the default branch"
    if event.name == "schedule":
        return Command.DRIFT, "a scheduled run"
    if event.name == "push":
        return Command.DIFF, "a push to a branch that isn't the default one"
    return Command.DIFF, f"the event `{event.name}`"
