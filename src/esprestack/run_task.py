"""The job `run`: a rule's task, started now as its schedule would start it, and watched until it has stopped.

`configured` or `live` choose the rule, `start` starts it, `watch` gives what waits for it. Nothing here prints.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esprestack.backends.base import Backend
from esprestack.backends.scheduler_mapping import with_context
from esprestack.backends.task_watch import TaskWatch
from esprestack.backends.tasks import INTERRUPTED, Tasks
from esprestack.backends.tasks_mapping import Launch, Task, run_request
from esprestack.config.words import to_words
from esprestack.errors import InputError, Problem, RefusedError, Severity
from esprestack.plan.compare import leaves
from esprestack.rule import Home, Rule, Scope, Target, with_texts
from esprestack.run import Run
from esprestack.several import check_rules, in_order

if TYPE_CHECKING:
    from esprestack.config.examine import Loaded


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rule whose task is to be started, and what its findings say of that."""

    rule: Rule
    target: Target
    scope: Scope
    problems: tuple[Problem, ...] = ()


# -- which rule ------------------------------------------------------------------------------------------------


def configured(run: Run, name: str) -> Chosen:
    """The rule as its config has it, with its findings; without `name` the only one. Raises EsprestackError."""
    from esprestack.config.desired import desired_rules

    loaded, name = _home(run, name)
    scope = _backend(run, loaded).scope()
    (desired,) = (item for item in desired_rules(loaded, scope, run.settings.now) if item.rule.name == name)
    found = run.findings.offline([desired], scope)
    found += run.findings.online([desired], scope, run.aws(scope.region), run.settings.parallel, None, roles=False)
    return _chosen(run, desired.rule, scope, found)


def live(run: Run, name: str) -> Chosen:
    """The rule as AWS has it, found by its name in a config. Raises EsprestackError."""
    loaded, name = _home(run, name)
    read = _backend(run, loaded).read({name: loaded.prepared.wanted[name]})
    rule = read.rules.get(run.vault.open(name))
    if rule is None:
        raise InputError(Problem(f"AWS has no rule `{name}`", todo="apply the config, or leave out --live"))
    if rule.would_lose:
        what = f"`{name}` can't be started as its schedule would: esprestack doesn't know {', '.join(rule.would_lose)}"
        raise RefusedError(Problem(what, todo="mend the rule, or leave out --live"))
    notes = [
        Problem(f"`{name}` starts more than is started here: {other}", severity=Severity.WARNING)
        for other in rule.foreign
    ]
    return _chosen(run, rule.rule, read.scope, notes)


def _home(run: Run, name: str) -> "tuple[Loaded, str]":
    """The config with the rule, and its name."""
    if name:
        check_rules(run.prepared(), [name])
    every = [(loaded, rule) for loaded in run.loaded() for rule in loaded.prepared.wanted]
    found = [(loaded, rule) for loaded, rule in every if name in ("", rule)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(Problem("the config has no rules", todo="name another one with --config"))
    if name:
        where = ", ".join(loaded.path for loaded, _ in found)
        raise InputError(Problem(f"several configs have a rule `{name}`: {where}", todo="name one with --config"))
    names = ", ".join(f"`{rule}`" for _, rule in found)
    raise InputError(Problem(f"which rule? There are {names}", todo="name one with --rule"))


def _backend(run: Run, loaded: "Loaded") -> Backend:
    run.aws(run.region_of(loaded.prepared))  # which sees to it that the account may be used
    return run.backend_of(loaded.prepared)


def _chosen(run: Run, rule: Rule, scope: Scope, problems: Sequence[Problem]) -> Chosen:
    if rule.target is None:
        raise RefusedError(Problem(f"`{rule.name}` starts no task on this cluster: it has no target"))
    for path, value in leaves(to_words(rule)):
        run.veil.shown(path, value)  # what its name makes a secret is masked in the log too
    return Chosen(rule, rule.target, scope, tuple(in_order(problems)))


# -- the task --------------------------------------------------------------------------------------------------


def start(run: Run, chosen: Chosen) -> Launch:
    """Starts it. Raises RefusedError, before anything is started, where a finding stands in the way."""
    if any(problem.stops for problem in chosen.problems):
        raise RefusedError([*chosen.problems, Problem("nothing was started")])
    target, name = with_texts(chosen.target, run.vault.open), run.vault.open(chosen.rule.name)
    if chosen.rule.home is Home.SCHEDULER:
        target = with_context(target, chosen.rule, chosen.scope, run.settings.now, str(uuid.uuid4()))
    return _tasks(run, chosen).start(run_request(target, chosen.scope, name, token=str(uuid.uuid4())))


def watch(run: Run, chosen: Chosen, started: Sequence[Task]) -> TaskWatch:
    """The waiting for the tasks that were started."""
    overridden = [run.vault.open(container.name) for container in chosen.target.container_overrides]
    return TaskWatch(_tasks(run, chosen), run.aws, chosen.scope.region, started, overridden)


def stop(run: Run, chosen: Chosen, tasks: Sequence[Task]) -> list[Problem]:
    """Stops those that haven't; what couldn't be stopped."""
    return _tasks(run, chosen).stop_all(tasks, INTERRUPTED)


def _tasks(run: Run, chosen: Chosen) -> Tasks:
    return Tasks(run.aws(chosen.scope.region), chosen.scope.cluster_arn)
