"""What the commands need of one config before they touch its service: where it is, and the plan that its files make.

In: a run; out: the service's home, its plan, overrides of tasks. Nothing here is changed in AWS.
"""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from esprestack.aws import Aws
from esprestack.errors import ConfigError, InputError, Problem
from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.definition import read_overrides
from esprestack.services.masking import hide_secrets
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


def overrides_in(text: str, where: str) -> Document:
    """The TaskOverride in a text, which may hold secrets and is never quoted. Raises InputError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(Problem(f"{where} is no JSON", todo=_FORM)) from None
    return _object(found, where)


def migrations_in(text: str, run: Running, where: str) -> dict[str, Document]:
    """The tasks that go before the deploys, by the services' names. Raises EsprestackError.

    Either one TaskOverride for the only service, or `{"SERVICE": {…}}`.
    """
    found = overrides_in(text, where)
    names = [config.service for config in run.services.configs() if config.service]
    if _OF_A_TASK & found.keys():
        if len(names) != 1:
            known = ", ".join(f"`{name}`" for name in names) or "none"
            what = f"{where}: of which service is the task? There are {known}"
            raise InputError(Problem(what, todo='write {"SERVICE": {"containerOverrides": […]}}'))
        found = {names[0]: found}
    for name in found:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            todo = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{one}`' for one in names)}"
            raise InputError(Problem(f"{where}: no config has a service `{name}`", todo=todo if names else ""))
    overrides = {name: _object(of, f"{where}, `{name}`") for name, of in found.items()}
    for of in overrides.values():
        hide_secrets(of, run.veil)
    return overrides


_OF_A_TASK = frozenset(
    {
        "containerOverrides", "cpu", "memory", "ephemeralStorage", "executionRoleArn", "taskRoleArn",
        "inferenceAcceleratorOverrides",
    }
)  # fmt: skip
"""The members of https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""

_FORM = """write '{"containerOverrides": [{"name": "app", "command": ["…"]}]}'"""


def _object(found: object, where: str) -> Document:
    if not isinstance(found, dict):
        raise InputError(Problem(f"{where}: the overrides are no JSON object", todo=_FORM))
    return found
