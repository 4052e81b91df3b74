"""What the commands of a service have in common: which task definition, which overrides, what is secret in them."""

import json
from typing import TYPE_CHECKING, Any

import click

from esprestack.errors import InputError, Problem
from esprestack.options import options_of

if TYPE_CHECKING:
    from esprestack.run import Run
    from esprestack.services.choice import Choice
    from esprestack.services.model import Document

which_revision = options_of(
    click.option("--skip-task-definition", is_flag=True, help="The task definition that the service runs."),
    click.option("--latest-task-definition", is_flag=True, help="The family's latest revision."),
    click.option("--revision", type=click.IntRange(1), metavar="N", help="This revision of the family."),
)


def choice_of(given: dict[str, Any]) -> "Choice":
    """The task definition that the options ask for. Raises InputError where they ask for several."""
    from esprestack.services.choice import Choice, Source

    number = given.get("revision")
    asked = [
        *([Choice(Source.CURRENT)] if given.get("skip_task_definition") else []),
        *([Choice(Source.LATEST)] if given.get("latest_task_definition") else []),
        *([Choice(Source.NUMBER, number)] if number else []),
    ]
    if len(asked) > 1:
        what = "--skip-task-definition, --latest-task-definition and --revision don't go together"
        raise InputError(Problem(what, todo="give one of them"))
    return asked[0] if asked else Choice()


def overrides_of(text: str, option: str) -> "Document":
    """The TaskOverride in the option's text, which may hold secrets and is never quoted. Raises InputError."""
    from esprestack.services.ready import overrides_of

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        todo = """write '{"containerOverrides": [{"name": "app", "command": ["…"]}]}'"""
        raise InputError(Problem(f"{option} is no JSON", todo=todo)) from None
    return overrides_of(found, option)


def hide(run: "Run", *documents: "Document") -> None:
    """What names make secrets in task definitions and overrides is masked from now on."""
    from esprestack.services.masking import hide_secrets

    for document in documents:
        hide_secrets(document, run.veil)
