"""verify: whether everything that a config names is there and fit. Read-only, all findings, side by side.

In: a config and clients; out: `Verified`. What is to be asked stands here, how it is asked in `questions`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from esprestack.aws import Aws
from esprestack.config.tree import Path
from esprestack.errors import Where
from esprestack.services import questions
from esprestack.services.checked import Answer, Checked, State, Verified
from esprestack.services.consistency import consistency
from esprestack.services.model import Definition, Document, ServiceConfig, ServiceScope

Clients: TypeAlias = Callable[[str], Aws]
"""From a region to its clients."""


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something that a definition names."""

    subject: str
    name: str
    """Opened: for the question, not to be shown."""
    where: Where


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked in one go, with an answer for each of the things."""

    things: Sequence[_Thing]
    ask: Callable[[], Sequence[Answer]]


def verify(clients: Clients, config: ServiceConfig, scope: ServiceScope, parallel: int) -> Verified:
    """Everything that can be checked of the config. Raises AwsError where no call can succeed."""
    asked = list(_Naming(clients, config, scope).questions())
    with ThreadPoolExecutor(max(1, parallel)) as pool:
        answers = [pool.submit(question.ask) for question in asked]
        checks = [
            Checked(thing.subject, answer, thing.where)
            for question, found in zip(asked, answers, strict=True)
            for thing, answer in zip(question.things, found.result(), strict=True)
        ]
    return Verified(config.path, scope, (*checks, *_definitions(config)))


def _definitions(config: ServiceConfig) -> Iterator[Checked]:
    """What is wrong between the parts of the definitions, or that nothing is."""
    problems = [problem for problem in consistency(config) if problem.stops]
    for problem in problems:
        yield Checked("definitions", Answer(State.NG, problem.what, problem.todo), problem.where)
    if not problems:
        yield Checked("definitions", Answer(State.OK, "network, ports, sizes and names fit together"))


@dataclass(frozen=True, slots=True)
class _Naming:
    """What a config names, each thing once."""

    clients: Clients
    config: ServiceConfig
    scope: ServiceScope

    @property
    def aws(self) -> Aws:
        return self.clients(self.scope.region)

    @property
    def task(self) -> Definition:
        return self.config.task_definition

    @property
    def service(self) -> Document:
        return self.config.service_definition.document if self.config.service_definition else {}

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return list(self.task.document.get("containerDefinitions") or [])

    def questions(self) -> Iterator[_Question]:
        yield self.cluster()
        yield from self.roles()
        yield from self.images()
        yield from self.secrets()
        yield from self.log_groups()
        yield from self.environment_files()
        yield from self.target_groups()

    def thing(self, called: str, name: str, path: Path, definition: Definition | None = None) -> _Thing:
        where = (definition or self.task).tree.where(path)
        return _Thing(f"{called} `{name}`", self.aws.open(name), where)

    def cluster(self) -> _Question:
        name = self.scope.cluster
        strategy = self.service.get("capacityProviderStrategy") or []
        providers = [self.aws.open(str(item.get("capacityProvider", ""))) for item in strategy]
        thing = _Thing(f"cluster `{name}`", name, Where(self.config.path))
        return _Question([thing], lambda: [questions.cluster(self.aws, name, providers)])

    def roles(self) -> Iterator[_Question]:
        for member, called in (("taskRoleArn", "task role"), ("executionRoleArn", "execution role")):
            if name := str(self.task.document.get(member) or ""):
                yield _one(self.thing(called, name, (member,)), partial(questions.role, self.aws, scope=self.scope))

    def images(self) -> Iterator[_Question]:
        things = [
            self.thing("image", str(container["image"]), ("containerDefinitions", at, "image"))
            for at, container in enumerate(self.containers)
            if container.get("image")
        ]
        for thing in _each_once(things):
            yield _one(thing, partial(questions.image, self.aws, scope=self.scope))

    # -- secrets -----------------------------------------------------------------------------------------------

    def secrets(self) -> Iterator[_Question]:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html"""
        by_region: dict[str, list[_Thing]] = {}
        for thing in _each_once(list(self.secret_things())):
            service, region, name = _secret_place(thing.name)
            region = region or self.scope.region
            if service == "secretsmanager":
                yield _one(thing, partial(questions.secret, self.clients(region)))
            else:
                by_region.setdefault(region, []).append(_Thing(thing.subject, name, thing.where))
        for region, things in by_region.items():
            for at in range(0, len(things), questions.MOST_PARAMETERS):
                part = things[at : at + questions.MOST_PARAMETERS]
                ask = partial(questions.parameters, self.clients(region), [thing.name for thing in part])
                yield _Question(part, ask)

    def secret_things(self) -> Iterator[_Thing]:
        for at, container in enumerate(self.containers):
            here: Path = ("containerDefinitions", at)
            yield from self.of_list(container.get("secrets"), (*here, "secrets"), self.task)
            log = container.get("logConfiguration") or {}
            yield from self.of_list(log.get("secretOptions"), (*here, "logConfiguration", "secretOptions"), self.task)
            if name := (container.get("repositoryCredentials") or {}).get("credentialsParameter"):
                yield self.thing("secret", str(name), (*here, "repositoryCredentials", "credentialsParameter"))
        connect = self.service.get("serviceConnectConfiguration") or {}
        path = ("serviceConnectConfiguration", "logConfiguration", "secretOptions")
        options = (connect.get("logConfiguration") or {}).get("secretOptions")
        yield from self.of_list(options, path, self.config.service_definition)

    def of_list(self, entries: Any, path: Path, definition: Definition | None) -> Iterator[_Thing]:
        for at, entry in enumerate(entries or []):
            if name := entry.get("valueFrom"):
                yield self.thing("secret", str(name), (*path, at, "valueFrom"), definition)

    # -- logs, files, target groups ----------------------------------------------------------------------------

    def log_groups(self) -> Iterator[_Question]:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"""
        asked: set[tuple[str, str]] = set()
        for at, container in enumerate(self.containers):
            log = container.get("logConfiguration") or {}
            options = log.get("options") or {}
            if log.get("logDriver") != "awslogs":
                continue
            group = str(options.get("awslogs-group", ""))
            region = self.aws.open(str(options.get("awslogs-region") or self.scope.region))
            path = ("containerDefinitions", at, "logConfiguration", "options", "awslogs-group")
            thing = self.thing("log group", group, path)
            if (region, thing.name) in asked:
                continue
            asked.add((region, thing.name))
            if not group:
                unnamed = _Thing(f"log group of `{container.get('name')}`", "", thing.where)
                yield _Question([unnamed], partial(_said, questions.ng("it names none", "add `awslogs-group`")))
            elif str(options.get("awslogs-create-group", "")).lower() == "true":
                yield _Question([thing], partial(_said, Answer(State.OK, "it is made when a task starts")))
            else:
                yield _one(thing, partial(questions.log_group, self.clients(region)))

    def environment_files(self) -> Iterator[_Question]:
        things = [
            self.thing(
                "environment file",
                str(file["value"]),
                ("containerDefinitions", at, "environmentFiles", position, "value"),
            )
            for at, container in enumerate(self.containers)
            for position, file in enumerate(container.get("environmentFiles") or [])
        ]
        for thing in _each_once(things):
            yield _one(thing, partial(questions.environment_file, self.aws))

    def target_groups(self) -> Iterator[_Question]:
        mode = str(self.task.document.get("networkMode") or "bridge")
        things = [
            self.thing("target group", str(arn), ("loadBalancers", at), self.config.service_definition)
            for at, entry in enumerate(self.service.get("loadBalancers") or [])
            for arn in (
                entry.get("targetGroupArn"),
                (entry.get("advancedConfiguration") or {}).get("alternateTargetGroupArn"),
            )
            if arn
        ]
        for thing in _each_once(things):
            yield _one(thing, partial(questions.target_group, self.aws, mode=mode))


def _one(thing: _Thing, ask: Callable[[str], Answer]) -> _Question:
    return _Question([thing], lambda: [ask(thing.name)])


def _said(answer: Answer) -> list[Answer]:
    """An answer that nobody has to be asked for."""
    return [answer]


def _each_once(things: Sequence[_Thing]) -> list[_Thing]:
    return list({thing.name: thing for thing in reversed(things)}.values())[::-1]


def _secret_place(value_from: str) -> tuple[str, str, str]:
    """Service, region (empty: the task's) and name of what a secret's value comes from."""
    if not value_from.startswith("arn:"):
        return "ssm", "", value_from
    _, _, service, region, _, resource, *_ = (*value_from.split(":"), "", "", "", "")
    if service == "secretsmanager":
        return service, region, value_from
    name = resource.removeprefix("parameter/")
    return "ssm", region, f"/{name}" if "/" in name else name
