"""The terminal front end: options in, a job, text out. stdout is the result, stderr is talk."""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from esprestack import __version__
from esprestack.errors import EsprestackError
from esprestack.terminal import FAILURE, Terminal, complain

COMMANDS = {
    "diff": ("plans", "diff"),
    "apply": ("plans", "apply"),
    "drift": ("plans", "drift"),
    "dump": ("dump", "dump"),
    "validate": ("texts", "validate"),
    "verify": ("verify", "verify"),
    "next": ("next_runs", "next_runs"),
    "render": ("texts", "render"),
    "run": ("run_task", "run_task"),
    "migrate": ("migrate", "migrate"),
    "destroy": ("destroy", "destroy"),
    "iam": ("iam", "iam"),
    "deploy": ("deploy", "deploy"),
    "wait": ("wait", "wait"),
    "rollback": ("rollback", "rollback"),
    "scale": ("scale", "scale"),
    "refresh": ("scale", "refresh"),
    "status": ("status", "status"),
    "revisions": ("revisions", "revisions"),
    "register": ("revisions", "register"),
    "deregister": ("revisions", "deregister"),
    "init": ("init", "init"),
}
"""The commands' names, each with its module below esprestack.commands and its name there."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code: 0 done or no changes, 1 an error, 2 changes (with --exit-code) or drift."""
    from esprestack.secrets import Vault

    terminal = Terminal(Vault())
    try:
        return int(main.main(list(arguments), prog_name="esprestack", standalone_mode=False, obj=terminal) or 0)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return FAILURE
    except (click.Abort, KeyboardInterrupt):
        terminal.say("stopped")
        return 130
    except EsprestackError as error:
        complain(terminal, error.problems)
        if terminal.verbose:
            terminal.say(traceback.format_exc())
        return FAILURE
    except BrokenPipeError:
        sys.stderr.close()
        return FAILURE
    except Exception as error:  # noqa: BLE001 - the front end's last line: no traceback without -v
        terminal.say(f"error: esprestack failed: {type(error).__name__}: {error} (this is a bug; -v shows more)")
        if terminal.verbose:
            terminal.say(traceback.format_exc())
        return FAILURE


class _Commands(click.Group):
    """Imports a command when it is asked for: a diff needs none of the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        for name in COMMANDS:
            self._import(name)
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            self._import(cmd_name)
        elif cmd_name not in self.commands:
            self.list_commands(ctx)  # what may have been meant
        return super().get_command(ctx, cmd_name)

    def _import(self, name: str) -> None:
        module, attribute = COMMANDS[name]
        self.add_command(getattr(importlib.import_module(f"esprestack.commands.{module}"), attribute))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="esprestack %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks of errors.")
@click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR; ECSCHEDULE_COLOR=always|never).")
@click.pass_obj
def main(terminal: Terminal, /, verbose: bool, no_color: bool) -> None:
    """Scheduled ECS tasks and services from Git: see what a config changes in AWS, apply it, find drift."""
    terminal.verbose = verbose
    terminal.colour = _wants_colour(no_color)


def _wants_colour(no_color: bool) -> bool:
    wish = os.environ.get("ECSCHEDULE_COLOR", "").lower()
    if no_color or os.environ.get("NO_COLOR") or wish in ("never", "false", "0"):
        return False
    return wish in ("always", "true", "1") or sys.stdout.isatty()


@main.command()
def demo() -> int:
    """Play the main job against an embedded AWS: diff, comment, apply, drift."""
    from esprestack.demo import play

    return play(run)
