"""deploy --dry-run: what a deploy would do, and which rules would move along. Changes nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

from esprestack.terminal import Terminal, show_plans

if TYPE_CHECKING:
    from esprestack.jobs import AnyPlanned
    from esprestack.moving import Moves
    from esprestack.services.choice import Choice
    from esprestack.services.deploy import DeployOptions
    from esprestack.services.ecs import Ecs
    from esprestack.services.following import Leader
    from esprestack.services.model import ServicePlan


def chosen_leader(ecs: "Ecs", plan: "ServicePlan", choice: "Choice") -> "Leader | None":
    """The service with the revision that the options ask for; None where there is no such revision. Registers none."""
    from esprestack.moving import led_by
    from esprestack.services.choice import Source
    from esprestack.services.following import leaders_of

    match choice.source:
        case Source.FILE | Source.CURRENT:
            found = leaders_of([plan], ecs.aws.open, deploying=choice.source is Source.FILE)
            return found[0] if found else None
        case _:
            family = ecs.aws.open(str(plan.config.task_definition.document["family"]))
            revision = ecs.revision(f"{family}:{choice.number}" if choice.number else family)
            return led_by(ecs.scope, revision) if revision else None


def show_deploy(
    terminal: Terminal,
    plan: "ServicePlan",
    options: "DeployOptions",
    leader: "Leader | None",
    moves: "Moves",
    form: str,
) -> int:
    """Shows the plan, and what the options make of it; the exit code."""
    from esprestack.services.as_plan import as_plan
    from esprestack.services.choice import Source
    from esprestack.services.of_run import PlannedService

    shown = as_plan(plan, options.allow)
    changes, notes = list(shown.changes), [*shown.notes]
    if options.choice.source is not Source.FILE:
        changes = changes[1:]  # the file's task definition isn't what is deployed
        notes.append(f"the task definition is {leader.revision if leader else 'not there'}, not the file's")
    if not options.attributes:
        changes = changes[:1] if options.choice.source is Source.FILE else []
        notes.append("the service's attributes and tags stay as they are")
    if options.tasks is not None:
        notes.append(f"the desired count becomes {options.tasks}")
    if options.force:
        notes.append("a new deployment is made in any case")
    service = PlannedService(plan, replace(shown, changes=tuple(changes), notes=tuple(notes)))
    planned: list[AnyPlanned] = [service, *moves.planned]
    show_plans(terminal, "deploy", planned, (), form)
    return 0
