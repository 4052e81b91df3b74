"""init: the files of a service that is there already, or of a task definition that none runs."""

from pathlib import Path
from typing import Any

import click

from esprestack.errors import InputError, Problem, RefusedError
from esprestack.options import run_of, write
from esprestack.terminal import Terminal, complain


@click.command()
@click.option("--service", default="", metavar="NAME", help="The service.")
@click.option("--task-definition", default="", metavar="FAMILY[:N]", help="Or a task definition, without a service.")
@click.option("--cluster", default="default", show_default=True, help="Name of the service's cluster.")
@click.option("--region", help="Default: AWS_REGION.")
@click.option(
    "-c", "--config", "path", default="ecspresso.yml", show_default=True, metavar="FILE", help="The config to write."
)
@click.option("--task-definition-path", default="ecs-task-def.json", show_default=True, metavar="FILE")
@click.option("--service-definition-path", default="ecs-service-def.json", show_default=True, metavar="FILE")
@click.option("--force-overwrite", is_flag=True, help="Also write over files that are there.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Refuse to work in any other account.")
@click.option("--envfile", multiple=True, type=click.Path(path_type=Path), help="dotenv file with variables.")
@click.pass_obj
def init(
    terminal: Terminal,
    /,
    service: str,
    task_definition: str,
    cluster: str,
    path: str,
    task_definition_path: str,
    service_definition_path: str,
    force_overwrite: bool,
    **given: Any,
) -> int:
    """Write ecspresso.yml and its definition files from a live service. Changes nothing in AWS."""
    from esprestack.services import init as engine
    from esprestack.services.ecs import Ecs
    from esprestack.services.model import ServiceScope

    if bool(service) is bool(task_definition):
        raise InputError(Problem("of what?", todo="give either --service or --task-definition"))
    folder = Path(path).parent
    paths = [Path(path), folder / task_definition_path, *([folder / service_definition_path] if service else [])]
    there = [str(one) for one in paths if one.exists()]
    if there and not force_overwrite:
        what = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already"
        raise RefusedError(Problem(what, todo="name other files, or give --force-overwrite"))
    run = run_of(terminal.vault, given)
    aws = run.aws(run.settings.region)
    partition, account = aws.identity()
    ecs = Ecs(aws, ServiceScope(partition, aws.region, account, cluster.rpartition("/")[2], service))
    names = engine.Names(task_definition_path, service_definition_path)
    if service:
        files = engine.files_of_service(ecs, names, run.veil)
    else:
        files = engine.files_of_task(ecs, task_definition, names, run.veil)
    texts = [files.config, files.task_definition, *([files.service_definition] if files.service_definition else [])]
    for one, text in zip(paths, texts, strict=True):
        write(one, text)
        terminal.result(f"{one}\n")
    complain(terminal, files.warnings)
    return 0
