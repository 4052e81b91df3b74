"""revisions, register, deregister: the revisions of a service's task definition."""

import json
from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.awaiting import ecs_of
from esprestack.commands.choosing import hide
from esprestack.errors import InputError, Problem
from esprestack.options import run_of, text_or_json, where
from esprestack.terminal import Terminal, complain

if TYPE_CHECKING:
    from esprestack.services.ecs import Ecs
    from esprestack.services.revisions import Deregistration


@click.command()
@where
@text_or_json
@click.pass_obj
def revisions(terminal: Terminal, /, form: str, **given: Any) -> int:
    """List the active revisions of a service's task definition, and what became of each."""
    from esprestack.services import ready
    from esprestack.services.revisions import known_revisions, texts

    run = run_of(terminal.vault, given)
    plan = ready.ready_plan(run)
    found, problems = known_revisions(ecs_of(run, plan.scope), _family(plan.config.task_definition.document, run))
    complain(terminal, problems)
    if form == "json":
        entries = [
            {"arn": one.arn, "status": one.status, "at": one.at.isoformat() if one.at else None} for one in found
        ]
        terminal.result(f"{json.dumps(entries)}\n")
    else:
        terminal.result("".join(f"{line}\n" for line in texts(found)))
    return 0


@click.command()
@where
@text_or_json
@click.pass_obj
def register(terminal: Terminal, /, form: str, **given: Any) -> int:
    """Register the task definition of the file, unless the service's or the latest revision is what it says."""
    from esprestack.services import ready
    from esprestack.services.choice import Choice, chosen_revision

    run = run_of(terminal.vault, given)
    plan = ready.ready_plan(run)
    hide(run, plan.config.task_definition.document)
    arn = chosen_revision(ecs_of(run, plan.scope), plan, Choice(), terminal.say)
    terminal.result(f"{json.dumps({'task_definition_arn': arn}) if form == 'json' else arn}\n")
    return 0


@click.command()
@where
@click.option("--keeps", type=click.IntRange(0), metavar="N", help="Keep the newest N, and all that are in use.")
@click.option("--revision", type=click.IntRange(1), metavar="N", help="Only this one; refused if it is in use.")
@click.option("--dry-run", is_flag=True, help="Show which would go, change nothing.")
@text_or_json
@click.pass_obj
def deregister(
    terminal: Terminal, /, keeps: int | None, revision: int | None, dry_run: bool, form: str, **given: Any
) -> int:
    """Deregister revisions that nobody uses: no service, no task, no rule or schedule."""
    from esprestack.services import ready
    from esprestack.services import revisions as known
    from esprestack.services.pins import AccountPins

    if (keeps is None) is (revision is None):
        raise InputError(Problem("which revisions?", todo="give either --keeps or --revision"))
    run = run_of(terminal.vault, given)
    plan = ready.ready_plan(run)
    ecs = ecs_of(run, plan.scope)
    family = _family(plan.config.task_definition.document, run)
    pins = AccountPins(ecs.aws)
    if keeps is not None:
        chosen = known.plan_deregistration(ecs, family, keeps, pins)
    else:
        arn = plan.scope.arn(f"task-definition/{family}:{revision}")
        known.require_unused(ecs, family, arn, pins)
        chosen = known.Deregistration((arn,))
    return _deregistered(terminal, ecs, chosen, form, dry_run=dry_run)


def _deregistered(terminal: Terminal, ecs: "Ecs", chosen: "Deregistration", form: str, *, dry_run: bool) -> int:
    from esprestack.services import revisions as known
    from esprestack.services.target import names

    for kept in chosen.kept:
        terminal.say(f"{names([kept.arn])} is kept: {', '.join(kept.users)}")
    if not dry_run:
        known.deregister(ecs, chosen.goes, terminal.say)
    if form == "json":
        document = {
            "deregistered": list(chosen.goes),
            "kept": [{"arn": kept.arn, "users": list(kept.users)} for kept in chosen.kept],
            "dry_run": dry_run,
        }
        terminal.result(f"{json.dumps(document)}\n")
    else:
        terminal.result("".join(f"{names([arn])}\n" for arn in chosen.goes))
    return 0


def _family(document: Any, run: Any) -> str:
    return str(run.vault.open(str(document["family"])))
