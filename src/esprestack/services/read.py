"""An ecspresso.yml and the definition files that it names: prepared, read, and everything that is wrong with them.

In: the config, rendered and parsed (`config.load`), and how its parts are prepared; out: a `ServiceConfig`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from esprestack.config.complaints import complaints, place_of
from esprestack.config.load import Prepared, Surroundings, named_file, prepare_part, read_source
from esprestack.config.lookups.base import Lookup
from esprestack.config.preamble import preamble_of
from esprestack.config.seals import broken_seals
from esprestack.config.service_file import ServiceFile
from esprestack.config.source import EMPTY, MISSING
from esprestack.errors import ConfigError, Problem, Severity
from esprestack.secrets import Vault
from esprestack.services.codes import severity_of
from esprestack.services.definition import ReadDefinition, read_service_definition, read_task_definition
from esprestack.services.model import Definition, ServiceConfig

_INSTEAD = "ECS's own blue/green does it: `deploymentConfiguration.strategy: BLUE_GREEN` in the service definition"

REFUSED: Mapping[str, tuple[str, str]] = {
    "codedeploy": ("is about deployments by CodeDeploy, which esprestack doesn't do", _INSTEAD),
    "appspec": ("is about deployments by CodeDeploy, which esprestack doesn't do", _INSTEAD),
    "express_definition": (
        "is about an Express Mode service, which esprestack doesn't deploy",
        "describe it by `service_definition` and `task_definition`, or go on with ecspresso",
    ),
}
"""Keys of ecspresso's without which a config means something else: what they are about, and what to do."""


@dataclass(frozen=True, slots=True)
class PreparedService:
    """A config and its definition files, rendered and parsed, as far as they could be."""

    config: Prepared
    file: ServiceFile | None
    task_definition: Prepared | None
    service_definition: Prepared | None
    problems: tuple[Problem, ...]
    """What is wrong with the config; not what is MISSING."""
    unprepared: tuple[Problem, ...] = ()
    """Why a definition couldn't be rendered or parsed."""

    @property
    def parts(self) -> list[Prepared]:
        """All files, the config first."""
        return [part for part in (self.config, self.task_definition, self.service_definition) if part]


@dataclass(frozen=True, slots=True)
class ExaminedService:
    """Everything that is wrong with a config's text, and the config if it can be read all the same."""

    problems: tuple[Problem, ...]
    """Errors; findings that can be allowed are among the config's warnings."""
    config: ServiceConfig | None


@dataclass(frozen=True, slots=True)
class ServiceHead:
    """What a config says by itself, without its definition files."""

    path: str
    region: str
    cluster: str
    service: str
    timeout: float
    """Seconds that a command of the service may take."""


def read_head(config: Prepared, vault: Vault, region: str = "") -> ServiceHead:
    """The config's own part; `region` is for one that names none. Raises ConfigError with all that is wrong with it."""
    file, problems = _file(config)
    problems = [*config.missing, *problems, *broken_seals(config.tree, vault)]
    if problems or file is None:
        raise ConfigError(problems)
    return _head(config, file, region, vault)


def prepare_service(
    config: Prepared, surroundings: Surroundings, task_definition: FilePath | None = None
) -> PreparedService:
    """The config with the files that it names, which are rendered with its own look-ups.

    `task_definition` is read in place of the config's own.
    """
    file, problems = _file(config)
    if file is None:
        return PreparedService(config, None, None, None, tuple(problems))
    folder = _folder(config, surroundings)
    try:
        lookups = _lookups(config, surroundings)
    except ConfigError as error:  # a plugin that can't be
        return PreparedService(config, file, None, None, tuple(problems), error.problems)
    named = {"task_definition": file.task_definition, "service_definition": file.service_definition or ""}
    parts: dict[str, Prepared] = {}
    unprepared: list[Problem] = []
    for key, name in named.items():
        instead = task_definition if key == "task_definition" else None
        if instead or (name and MISSING not in name):
            try:
                there = instead or _named(config, key, name, folder, surroundings)
                parts[key] = _part(there, folder, surroundings, lookups)
            except ConfigError as error:
                unprepared += map(_of_definition, error.problems)
    of_task, of_service = (parts.get(key) for key in named)
    return PreparedService(config, file, of_task, of_service, tuple(problems), tuple(unprepared))


def prepare_beside(config: Prepared, path: FilePath, surroundings: Surroundings) -> Prepared:
    """Another file, rendered with the look-ups of the config. Raises ConfigError."""
    return _part(path, path.parent, surroundings, _lookups(config, surroundings))


def _folder(config: Prepared, surroundings: Surroundings) -> FilePath:
    return (surroundings.shown_from / config.source.path).parent


def _lookups(config: Prepared, surroundings: Surroundings) -> list[Lookup]:
    """Those of every config, and those that this one has plugins for. Raises ConfigError."""
    asking = surroundings.plugged(config.source, _folder(config, surroundings), preamble_of(config.tree))
    return [*surroundings.local, *asking]


def examine_service(prepared: PreparedService, vault: Vault, region: str = "") -> ExaminedService:
    """Every problem of the config and its definitions, in the order of the files."""
    config, file = prepared.config, prepared.file
    problems = [*config.missing, *prepared.problems, *prepared.unprepared, *broken_seals(config.tree, vault)]
    service = str((file and file.service) or "")
    if file and file.service_definition and not service:
        todo = "add `service:` with the service's name"
        where = config.tree.where(("service_definition",))
        problems.append(Problem("`service` is missing beside `service_definition`", where, todo, "missing-key"))
    definitions: list[ReadDefinition] = []
    if prepared.task_definition:
        definitions.append(read_task_definition(prepared.task_definition, vault))
    if prepared.service_definition:
        definitions.append(read_service_definition(prepared.service_definition, vault, service))
    problems += [problem for read in definitions for problem in read.problems]
    problems += _about_ecspresso(prepared)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors or file is None or not prepared.task_definition:
        return ExaminedService(tuple(problems), None)
    task_definition, *others = (read.definition for read in definitions)
    return ExaminedService((), _config(prepared, file, task_definition, others, problems, region, vault))


def _config(
    prepared: PreparedService,
    file: ServiceFile,
    task_definition: Definition,
    others: list[Definition],
    warnings: list[Problem],
    region: str,
    vault: Vault,
) -> ServiceConfig:
    head = _head(prepared.config, file, region, vault)
    return ServiceConfig(
        path=head.path,
        region=head.region,
        cluster=head.cluster,
        service=head.service,
        timeout=head.timeout,
        task_definition=task_definition,
        service_definition=others[0] if others else None,
        ignored_tags=tuple((file.ignore and file.ignore.tags) or ()),
        warnings=tuple(warnings),
    )


def _head(config: Prepared, file: ServiceFile, region: str, vault: Vault) -> ServiceHead:
    return ServiceHead(
        path=config.source.path,
        region=vault.open(file.region or "") or region,
        cluster=vault.open(file.cluster),
        service=vault.open(file.service or ""),
        timeout=file.timeout,
    )


# -- the config itself -----------------------------------------------------------------------------------------


def _file(config: Prepared) -> tuple[ServiceFile | None, list[Problem]]:
    """The config as far as it can be read, and what is wrong with it."""
    data = config.tree.data
    if not isinstance(data, dict):
        what = "a config is a mapping with `service:` and `task_definition:`"
        return None, [Problem(what, config.tree.where(()), "see docs/services.md")]
    shared = {key for key in data if key.startswith("x-") or key in config.tree.shared}
    left: dict[str, Any] = {key: value for key, value in data.items() if key not in {*shared, *REFUSED}}
    problems = [
        Problem(f"`{key}` {REFUSED[key][0]}", config.tree.where_key((key,)), REFUSED[key][1], "not-here")
        for key in REFUSED
        if data.get(key) is not None
    ]
    try:
        return ServiceFile.model_validate(left), problems
    except ValidationError as error:
        problems += complaints(error, config.tree, ServiceFile)
        wrong = {place_of(detail["loc"])[0] for detail in error.errors(include_url=False, include_context=False)}
    try:
        return ServiceFile.model_validate({key: value for key, value in left.items() if key not in wrong}), problems
    except ValidationError:  # what is left lacks something, which is said already
        return None, problems


def _about_ecspresso(prepared: PreparedService) -> Iterator[Problem]:
    """Keys that are about ecspresso alone."""
    tree, file = prepared.config.tree, prepared.file
    if file and file.required_version:
        what = f"`required_version: {file.required_version}` is about ecspresso's version, not looked at here"
        yield _warning("required-version", what, prepared, "required_version")
    if file and file.filter_command and tree.find(("filter_command",)):
        what = "`filter_command` has no meaning here"
        yield _warning("filter-command", what, prepared, "filter_command")


def _warning(code: str, what: str, prepared: PreparedService, key: str) -> Problem:
    todo = f"keep it for ecspresso and `--allow {code}`, or remove it"
    return Problem(what, prepared.config.tree.where((key,)), todo, code, severity_of(code))


# -- the files that it names -----------------------------------------------------------------------------------


def _named(config: Prepared, key: str, name: str, folder: FilePath, surroundings: Surroundings) -> FilePath:
    return named_file(key, name, folder, config.tree.where((key,)), surroundings.shown_from)


def _part(path: FilePath, folder: FilePath, surroundings: Surroundings, lookups: list[Lookup]) -> Prepared:
    root = folder.resolve() if path.is_relative_to(folder.resolve()) else path.parent
    return prepare_part(
        read_source(path, surroundings.shown_from.resolve()), path.parent, root, lookups, surroundings.ext
    )


def _of_definition(problem: Problem) -> Problem:
    if problem.what != EMPTY:
        return problem
    return Problem("the definition is empty", problem.where, "write the members that ECS takes")
