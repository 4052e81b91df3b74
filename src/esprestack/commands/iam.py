"""iam: the least policies for the roles that work with these configs."""

from typing import Any

import click

from esprestack.options import run_of, where
from esprestack.terminal import Terminal

_PURPOSES = ("diff", "validate", "apply", "prune", "migrate", "run", "health", "deregister")


@click.command()
@where
@click.option("--for", "purposes", multiple=True, type=click.Choice(_PURPOSES), help="Default: diff, apply.")
@click.option("--prefix", default="", help="Rules by the beginning of their names, so that new ones are covered.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="A document for each purpose with what it is for, or one for all as JSON.",
)  # fmt: skip
@click.pass_obj
def iam(terminal: Terminal, /, purposes: tuple[str, ...], prefix: str, form: str, **given: Any) -> int:
    """Print the least IAM policies for these configs, rules and services alike. Asks nobody.

    The account is --account, or that of an ARN in the config, or `*`.
    """
    from esprestack import jobs
    from esprestack.iam import MOST_CHARACTERS, WHAT_FOR, Purpose, size_of, text_of
    from esprestack.services.policies import policy_of

    wanted = [Purpose(purpose) for purpose in purposes or ("diff", "apply")]
    accounts = given.pop("accounts")
    rules, services = jobs.needs(run_of(terminal.vault, given | {"offline": True}), accounts[0] if accounts else "")
    documents = [(wanted, policy_of(rules, services, wanted, prefix))]
    if form == "text":
        documents = [([purpose], policy_of(rules, services, [purpose], prefix)) for purpose in wanted]
    for of, document in documents:
        if form == "text":
            terminal.result("".join(f"# {WHAT_FOR[purpose]}\n" for purpose in of))
        terminal.result_json(terminal.vault.mask(text_of(document)))
        if size_of(document) > MOST_CHARACTERS:
            terminal.say(f"warning: {size_of(document)} characters, IAM takes {MOST_CHARACTERS}: use --prefix")
    if "*" in {*(need.scope.account for need in rules), *(need.scope.account for need in services)}:
        terminal.say("note: the account isn't known, so it is `*`: name it with --account")
    return 0
