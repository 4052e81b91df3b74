"""What the commands' options have in common, and how they become a run's settings."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esprestack.errors import InputError, Problem

if TYPE_CHECKING:
    from esprestack.run import Run, Settings
    from esprestack.secrets import Vault

FORMATS = click.Choice(["text", "markdown", "json"])


def options_of(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One decorator for all of them, in this order."""

    def decorated(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


where = options_of(
    click.option("-c", "--config", "configs", multiple=True, metavar="FILE", help="Config file or glob; may repeat."),
    click.option("--envfile", multiple=True, type=click.Path(path_type=Path), help="dotenv file with variables."),
    click.option("--region", help="Region for configs that name none."),
    click.option(
        "--parallel",
        type=click.IntRange(1, 64),
        default=10,
        show_default=True,
        help="How much goes on side by side; 1: one rule after the other.",
    ),
    click.option("--secret-name", "secret_names", multiple=True, metavar="PATTERN", help="Hide values of such names."),
    click.option("--allow", "allow", multiple=True, metavar="CODE", help="This kind of finding is no obstacle."),
    click.option(
        "--ext-str",
        "ext_strs",
        multiple=True,
        metavar="NAME[=TEXT]",
        help="std.extVar of Jsonnet; or from the environment.",
    ),
    click.option(
        "--ext-code", "ext_codes", multiple=True, metavar="NAME[=CODE]", help="The same, evaluated as Jsonnet."
    ),
    click.option("--account", "accounts", multiple=True, metavar="ID", help="Refuse to work in any other account."),
)
selection = options_of(
    click.option("--rule", "rules", multiple=True, metavar="NAME", help="Only this rule; may repeat."),
    click.option("--prune", is_flag=True, help="Delete rules of ours that are in no config any more."),
    click.option("--max-deletes", type=click.IntRange(0), help="Refuse to delete more. Default: half, at least 3."),
    click.option("--take-over", is_flag=True, help="Also rules that another tracking id marks."),
)
form = click.option("--format", "form", type=FORMATS, default="text", show_default=True, help="Form of the result.")

text_or_json = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)


def run_of(vault: "Vault", given: dict[str, Any]) -> "Run":
    """The run that the options `given` ask for. Raises InputError."""
    from esprestack.run import Run

    return Run(_settings(given), vault)


def _settings(given: dict[str, Any]) -> "Settings":
    from esprestack.given import dotenv, mapping
    from esprestack.plan.make import PlanOptions
    from esprestack.run import Settings

    if given.get("rules") and given.get("prune"):
        raise InputError(Problem("--rule and --prune don't go together", todo="prune with all rules selected"))
    environ = dict(os.environ)
    for path in given.get("envfile") or ():
        environ = {**dotenv(path), **environ}
    return Settings(
        folder=Path.cwd(),
        configs=tuple(given.get("configs") or ()),
        environ=environ,
        secrets=mapping(environ.get("ESPRESTACK_SECRETS", ""), "ESPRESTACK_SECRETS"),
        variables=mapping(environ.get("ESPRESTACK_VARS", ""), "ESPRESTACK_VARS"),
        secret_names=tuple(given.get("secret_names") or ()),
        options=PlanOptions(
            rules=tuple(given.get("rules") or ()),
            prune=bool(given.get("prune")),
            take_over=bool(given.get("take_over")),
            max_deletes=given.get("max_deletes"),
        ),
        ext_strs=tuple(given.get("ext_strs") or ()),
        ext_codes=tuple(given.get("ext_codes") or ()),
        allow=tuple(given.get("allow") or ()),
        offline=bool(given.get("offline")),
        region=given.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "",
        allowed_accounts=tuple(given.get("accounts") or ()),
        parallel=given.get("parallel") or 10,
        now=given.get("now") or datetime.now(UTC),
    )


def read(path: Path, kind: str) -> str:
    """The text as it is, with its line endings."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the {kind} {path} can't be read: {error}")) from None


def write(path: Path, text: str) -> None:
    """Raises InputError where the file can't be written."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(Problem(f"{path} can't be written: {error.strerror}", todo="name another file")) from None
