"""run, of a service: a task of its definition, started where and how its own tasks run."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esprestack.commands.awaiting import ecs_of
from esprestack.commands.choosing import choice_of, hide, overrides_of
from esprestack.commands.following import Following, Form, Waiting, follow
from esprestack.errors import InputError, Problem
from esprestack.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esprestack.backends.tasks_mapping import Task
    from esprestack.run import Run
    from esprestack.services.ecs import Ecs
    from esprestack.services.model import ServicePlan
    from esprestack.services.run import RunOptions


def run_service(terminal: Terminal, run: "Run", form: Form, waiting: Waiting, given: "Mapping[str, Any]") -> int:
    """Starts what the options ask for, and follows it. Raises EsprestackError."""
    from esprestack.services import ready
    from esprestack.services.run import RunOptions, revision_to_run

    choice = choice_of(dict(given))
    text, file = given["overrides"], given["overrides_file"]
    if text and file:
        raise InputError(Problem("--overrides and --overrides-file don't go together", todo="give one of them"))
    tags = tags_of(given["tags"])
    overrides = overrides_of(text, "--overrides") if text else ready.ready_overrides(run, Path(file)) if file else {}
    plan = ready.ready_plan(run, given["task_def"] or "")
    ecs = ecs_of(run, plan.scope)
    hide(run, plan.config.task_definition.document, overrides)
    options = RunOptions(
        overrides=overrides,
        choice=choice,
        count=1 if given["count"] is None else given["count"],
        watch=given["watch_container"] or "",
        tags=tags,
        propagate_tags=given["propagate_tags"] or "",
        keep_volumes=given["ebs_delete_on_termination"] is False,
        client_token=given["client_token"] or "",
    )
    arn = revision_to_run(ecs, plan, options, terminal.say)
    terminal.stop_when_asked(waiting.when_asked)
    limited = replace(waiting, timeout=waiting.timeout or plan.config.timeout)
    return ran(terminal, run, ecs, plan, arn, options, form, limited)


def ran(
    terminal: Terminal,
    run: "Run",
    ecs: "Ecs",
    plan: "ServicePlan",
    arn: str,
    options: "RunOptions",
    form: Form,
    waiting: Waiting,
) -> int:
    """Starts tasks of this revision and follows them: their exit code, 0 only where one was seen."""
    from esprestack.backends.task_watch import TaskWatch
    from esprestack.backends.tasks import INTERRUPTED, Tasks
    from esprestack.reports.task_run import Subject
    from esprestack.services.run import overridden, start_tasks

    tasks = Tasks(ecs.aws, ecs.scope.cluster_arn)

    def watch(started: "Sequence[Task]") -> TaskWatch:
        return TaskWatch(tasks, run.aws, ecs.scope.region, started, overridden(options), options.watch)

    following = Following(watch, lambda started: tasks.stop_all(started, INTERRUPTED))
    launch = start_tasks(ecs, plan, arn, options)
    scope = ecs.scope
    name = scope.service or arn.rpartition("/")[2]
    subject = Subject("service", name, scope.account, scope.region, scope.cluster)
    return follow(terminal, form, subject, launch, (), waiting, following)


def tags_of(text: str | None) -> dict[str, str]:
    """`team=red,cost=7`. Raises InputError."""
    pairs = [part.partition("=") for part in (text or "").split(",") if part.strip()]
    if any(not equals or not key.strip() for key, equals, _ in pairs):
        raise InputError(Problem("--tags is no list of tags", todo="write KEY=VALUE,KEY=VALUE"))
    return {key.strip(): value for key, _, value in pairs}
