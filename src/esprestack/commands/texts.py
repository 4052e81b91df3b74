"""validate and render: what the files say, and what is wrong with it."""

import json
from typing import Any

import click

from esprestack.errors import EsprestackError
from esprestack.options import run_of, where
from esprestack.terminal import FAILURE, Terminal, complain


@click.command()
@where
@click.option("--offline", is_flag=True, help="Without any call to AWS, not even for look-ups.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a config instead.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True,
    help="Form of the result.",
)  # fmt: skip
@click.pass_obj
def validate(terminal: Terminal, /, offline: bool, schema: bool, form: str, **given: Any) -> int:
    """Check the configs: all findings at once, each with its place and what to do."""
    from esprestack import jobs

    if schema:
        from esprestack.config.schema import config_schema

        terminal.result_json(json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n")
        return 0
    try:
        problems = jobs.validate(run_of(terminal.vault, given | {"offline": offline}), offline=offline)
    except EsprestackError as error:
        problems = list(error.problems)
    stopping = sum(problem.stops for problem in problems)
    match form:
        case "json":
            from esprestack.reports.as_json import report, to_json

            terminal.result_json(to_json(report("validate", [], problems), terminal.vault.mask))
        case "sarif":
            from esprestack.checks.codes import CODES
            from esprestack.reports.sarif import sarif
            from esprestack.services.codes import SERVICE_CODES

            described = {code: sentence for code, (_, sentence) in {**CODES, **SERVICE_CODES}.items()}
            terminal.result_json(sarif(problems, described, terminal.vault.mask))
        case _ if not problems:
            terminal.result("The configs are fine\n")
        case _:
            warnings = len(problems) - stopping
            terminal.result(f"{stopping} to mend, {warnings} warning{'' if warnings == 1 else 's'}\n")
    complain(terminal, problems)
    return FAILURE if stopping else 0


@click.command()
@where
@click.pass_obj
def render(terminal: Terminal, /, **given: Any) -> int:
    """Print the configs after templating, with secrets masked."""
    from esprestack import jobs

    for path, text in jobs.render(run_of(terminal.vault, given)):
        terminal.say(f"# {path}")
        terminal.result(text if text.endswith("\n") else f"{text}\n")
    return 0
