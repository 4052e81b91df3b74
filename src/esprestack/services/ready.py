"""What the commands need of a config before they touch the service: where it is, and the plan that its files make.

In: a run; out: the service's home, its plan, a file of overrides. Nothing here is changed in AWS.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from esprestack.aws import Aws
from esprestack.errors import InputError, Problem, Where
from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.model import Document, ServicePlan, ServiceScope

CONFIG_NAMES = tuple(f"ecspresso.{ending}" for ending in ("yml", "yaml", "json", "jsonnet"))
"""The names that a service's config has where none is given."""


class Running(Protocol):
    """The part of `run.Run` that is needed here."""

    vault: Vault
    veil: Veil

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
    raise _unreadable(run)


def ready_plan(run: Running, task_definition: str = "") -> ServicePlan:
    """The plan of the one service of the configs; `task_definition` is read in place of the config's own file.

    Raises EsprestackError with all that is wrong with the files, before AWS is asked.
    """
    raise _unreadable(run, task_definition)


def ready_overrides(run: Running, path: Path) -> Document:
    """A file with a TaskOverride in JSON. Raises InputError."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(Problem(f"can't be read: {error.strerror}", Where(str(path)))) from None
    except ValueError as error:
        raise InputError(Problem(f"is no JSON: {run.vault.mask(str(error))}", Where(str(path)))) from None
    return overrides_of(found, str(path))


def overrides_of(found: object, where: str) -> Document:
    """What was given as a TaskOverride, by its outer form. Raises InputError."""
    if not isinstance(found, dict):
        todo = 'write {"containerOverrides": [{"name": "app", "command": ["…"]}]}'
        raise InputError(Problem(f"{where}: the overrides are no JSON object", todo=todo))
    return found


def is_of_a_service(configs: Sequence[str], folder: Path) -> bool:
    """Whether the configs, or without any what is in the folder, are a service's and not those of rules."""
    if configs:
        return all(Path(config).name.startswith("ecspresso") for config in configs)
    has_rules = any(folder.glob("ecschedule.*"))
    return not has_rules and any((folder / name).is_file() for name in CONFIG_NAMES)


def _unreadable(_: Running, task_definition: str = "") -> InputError:
    what = f"no ecspresso.yml is read yet{f', and no {task_definition}' if task_definition else ''}"
    return InputError(Problem(what, todo="see the changelog"))
