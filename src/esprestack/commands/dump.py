"""dump: what is live as a config file."""

from pathlib import Path
from typing import Any

import click

from esprestack.errors import InputError, Problem
from esprestack.options import read, run_of
from esprestack.terminal import Terminal


@click.command()
@click.option("--cluster", help="Name or ARN of the cluster.")
@click.option("--region", help="Default: AWS_REGION.")
@click.option("--tracking-id", default="", help="Only the rules that it marks.")
@click.option("--merge", "merge_file", metavar="FILE", help="Print this config, made what AWS has; comments stay.")
@click.option("--remove-missing", is_flag=True, help="With --merge: also remove rules that AWS doesn't have.")
@click.option("--write", is_flag=True, help="With --merge: write the file instead of printing it.")
@click.option("--envfile", multiple=True, type=click.Path(path_type=Path), help="dotenv file with variables.")
@click.option("--parallel", type=click.IntRange(1, 64), default=10, show_default=True, help="Calls side by side.")
@click.pass_obj
def dump(
    terminal: Terminal,
    /,
    cluster: str | None,
    tracking_id: str,
    merge_file: str | None,
    remove_missing: bool,
    write: bool,
    **given: Any,
) -> int:
    """Print the live rules of a cluster as a config file, or bring a config up to date with them."""
    from esprestack import jobs

    if merge_file is None:
        if not cluster:
            raise InputError(Problem("--cluster is missing", todo="or name a config with --merge FILE"))
        from esprestack.reports.yaml_text import config_text

        words, notes = jobs.dump(run_of(terminal.vault, given), cluster, tracking_id)
        terminal.result(config_text(words))
    else:
        path = Path(merge_file)
        text, notes = jobs.dump_into(
            run_of(terminal.vault, given | {"configs": (merge_file,)}),
            read(path, "config"),
            remove_missing=remove_missing,
        )
        if write:
            path.write_bytes(terminal.vault.mask(text).encode())
        else:
            terminal.result(text)
    for note in notes:
        terminal.say(f"note: {note}")
    return 0
