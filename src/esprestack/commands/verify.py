"""verify: whether everything that a service's files name is there and fit."""

from typing import Any

import click

from esprestack.options import form as form_option
from esprestack.options import run_of, where
from esprestack.terminal import FAILURE, Terminal


@click.command()
@where
@form_option
@click.pass_obj
def verify(terminal: Terminal, /, form: str, **given: Any) -> int:
    """Check whether roles, images, secrets, log groups and target groups of services are there. Only reads.

    Every check is OK, NG or not known; exit with 1 where one is NG.
    """
    from esprestack import jobs
    from esprestack.services.checked import is_good, verified_json, verified_markdown, verified_text

    verified = jobs.verify(run_of(terminal.vault, given))
    match form:
        case "markdown":
            terminal.result(verified_markdown(verified, "esprestack verify"))
        case "json":
            terminal.result_json(verified_json(verified, terminal.vault.mask))
        case _:
            terminal.result(verified_text(verified, terminal.colour))
    return 0 if is_good(verified) else FAILURE
