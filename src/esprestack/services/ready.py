"""What the commands need of one config before they touch its service: where it is, and the plan that its files make.

In: a run; out: the service's home, its plan, a file of overrides. Nothing here is changed in AWS.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from esprestack.aws import Aws
from esprestack.errors import ConfigError, InputError, Problem
from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.definition import read_overrides
from esprestack.services.model import Document, ServicePlan, ServiceScope
from esprestack.services.of_run import Services


class Running(Protocol):
    """The part of `run.Run` that is needed here."""

    vault: Vault
    veil: Veil

    @property
    def services(self) -> Services: ...

    def aws(self, region: str) -> Aws: ...


@dataclass(frozen=True, slots=True)
class ServiceHome:
    """What ecspresso.yml says by itself, without its definition files."""

    path: str
    scope: ServiceScope
    timeout: float
    """Seconds."""


def ready_home(run: Running) -> ServiceHome:
    """Where the one service of the configs lives. Raises EsprestackError."""
    services = run.services.alone()
    head = services.head()
    _, scope = services.home(head)
    return ServiceHome(head.path, scope, head.timeout)


def ready_plan(run: Running, task_definition: str = "") -> ServicePlan:
    """The plan of the one service of the configs; `task_definition` is read in place of the config's own file.

    Raises EsprestackError with all that is wrong with the files, before AWS is asked.
    """
    services = run.services.alone(Path(task_definition).absolute() if task_definition else None)
    problems = services.found_in(services.configs())
    if any(problem.stops for problem in problems):
        raise ConfigError(problems)
    return services.planned()[0].service


def ready_overrides(run: Running, path: Path) -> Document:
    """A file with a TaskOverride, a template like the config's own files. Raises ConfigError."""
    return read_overrides(run.services.alone().beside(path.absolute()), run.vault)


def overrides_of(found: object, where: str) -> Document:
    """What was given as a TaskOverride, by its outer form. Raises InputError."""
    if not isinstance(found, dict):
        todo = 'write {"containerOverrides": [{"name": "app", "command": ["…"]}]}'
        raise InputError(Problem(f"{where}: the overrides are no JSON object", todo=todo))
    return found
