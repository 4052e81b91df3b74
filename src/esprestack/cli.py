"""The terminal front end: options in, a job, text out. stdout is the result, stderr is talk."""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from esprestack import __version__
from esprestack.commands.destroy import destroy
from esprestack.commands.dump import dump
from esprestack.commands.iam import iam
from esprestack.commands.next_runs import next_runs
from esprestack.commands.plans import apply, diff, drift
from esprestack.commands.run_task import run_task
from esprestack.commands.texts import render, validate
from esprestack.errors import EsprestackError
from esprestack.terminal import FAILURE, Terminal, complain


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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="esprestack %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks of errors.")
@click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR; ECSCHEDULE_COLOR=always|never).")
@click.pass_obj
def main(terminal: Terminal, /, verbose: bool, no_color: bool) -> None:
    """Scheduled ECS tasks from Git: see what a config changes in AWS, apply it, find drift."""
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


for _command in (diff, apply, drift, dump, validate, next_runs, render, run_task, destroy, iam):
    main.add_command(_command)
