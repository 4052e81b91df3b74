"""What is wrong between the parts of a config, whatever AWS has: names that nothing has, members that exclude others.

In: a config; out: problems with codes of `checks.codes`. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from esprestack.checks.sizes import cpu_units, fargate_advice, memory_mib
from esprestack.config.source import MISSING
from esprestack.config.tree import Path
from esprestack.errors import Problem
from esprestack.secrets import SEALED
from esprestack.services.codes import severity_of
from esprestack.services.images import ecr_image
from esprestack.services.model import Definition, Document, ServiceConfig
from esprestack.services.plan import foreign_controller

_OWN_PORT = frozenset({"awsvpc", "host"})
"""Network modes in which a container's port is the host's."""


def consistency(config: ServiceConfig) -> list[Problem]:
    """Everything that is wrong; what a look-up left MISSING, or a secret is, isn't judged."""
    return list(_Parts(config.task_definition, config.service_definition).problems()) + list(foreign_controller(config))


@dataclass(frozen=True, slots=True)
class _Parts:
    task: Definition
    service: Definition | None

    def problems(self) -> Iterator[Problem]:
        yield from self.container_names()
        yield from self.ports()
        yield from self.volumes()
        yield from self.sizes()
        yield from self.execution_role()
        if self.service:
            yield from self.network(self.service)
            yield from self.named_containers(self.service)
            yield from self.named_ports(self.service)
            yield from self.named_volumes(self.service)
            yield from self.count(self.service)
            yield from self.capacity(self.service)

    # -- the task definition -----------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        return self.task.document

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return list(self.document.get("containerDefinitions") or [])

    @property
    def mode(self) -> str:
        return str(self.document.get("networkMode") or "bridge")

    @property
    def is_fargate(self) -> bool:
        """Whether it is registered for Fargate."""
        return "FARGATE" in (self.document.get("requiresCompatibilities") or [])

    def container_names(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for at, container in enumerate(self.containers):
            here: Path = ("containerDefinitions", at)
            for member in ("name", "image"):
                if not container.get(member):
                    what = f"`containerDefinitions[{at}]` has no `{member}`"
                    yield _finding(self.task, "container-unnamed", what, here, "add it")
            if (name := str(container.get("name"))) in seen:
                what = f"more than one container is called `{name}`"
                yield _finding(self.task, "container-twice", what, (*here, "name"), "rename one")
            seen.add(name)
            for member, key in (("dependsOn", "containerName"), ("volumesFrom", "sourceContainer")):
                for position, entry in enumerate(container.get(member) or []):
                    path = (*here, member, position, key)
                    yield from self.no_container(self.task, str(entry.get(key, "")), path, f"`{member}`")

    def no_container(self, definition: Definition, name: str, path: Path, who: str) -> Iterator[Problem]:
        names = [str(item.get("name")) for item in self.containers]
        if name and _is_known(name) and name not in names:
            has = ", ".join(f"`{item}`" for item in names)
            what = f"{who} names the container `{name}`, which the task definition doesn't have"
            yield _finding(definition, "no-such-container", what, path, f"it has {has}")

    def ports(self) -> Iterator[Problem]:
        for at, container in enumerate(self.containers if self.mode in _OWN_PORT else []):
            for position, mapping in enumerate(container.get("portMappings") or []):
                host, own = mapping.get("hostPort"), mapping.get("containerPort")
                if host and own and host != own:
                    what = f"with the network mode `{self.mode}` the host port {host} has to be {own} as well"
                    path = ("containerDefinitions", at, "portMappings", position, "hostPort")
                    yield _finding(self.task, "host-port", what, path, "remove `hostPort`")

    def volumes(self) -> Iterator[Problem]:
        names = {str(volume.get("name")) for volume in self.document.get("volumes") or []}
        for at, container in enumerate(self.containers):
            for position, mount in enumerate(container.get("mountPoints") or []):
                name = str(mount.get("sourceVolume", ""))
                if name and _is_known(name) and name not in names:
                    path = ("containerDefinitions", at, "mountPoints", position, "sourceVolume")
                    what = f"`{container.get('name')}` mounts the volume `{name}`, which isn't among `volumes`"
                    yield _finding(self.task, "no-such-volume", what, path, "add it, or mend the name")

    def sizes(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
        cpu, memory = (str(self.document.get(name, "")) for name in ("cpu", "memory"))
        units, mib = cpu_units(cpu), memory_mib(memory)
        if self.is_fargate and units is not None and mib is not None:
            system = str((self.document.get("runtimePlatform") or {}).get("operatingSystemFamily", ""))
            if advice := fargate_advice(units, mib, system):
                what = f"Fargate has no tasks of {units} CPU units and {mib} MiB of memory"
                yield _finding(self.task, "fargate-size", what, ("cpu",), advice)

    def execution_role(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"""
        if not self.is_fargate or self.document.get("executionRoleArn"):
            return
        for at, container in enumerate(self.containers):
            log = (container.get("logConfiguration") or {}).get("logDriver")
            needs = {
                "secrets": bool(container.get("secrets")),
                "its image in ECR": ecr_image(str(container.get("image", ""))) is not None,
                "its log": log == "awslogs",
            }
            if wanting := next((name for name, is_needed in needs.items() if is_needed), ""):
                what = f"`{container.get('name')}` needs an execution role on Fargate, for {wanting}"
                yield _finding(
                    self.task, "no-execution-role", what, ("containerDefinitions", at), "add `executionRoleArn`"
                )
                return

    # -- the service -------------------------------------------------------------------------------------------

    def network(self, service: Definition) -> Iterator[Problem]:
        given = (service.document.get("networkConfiguration") or {}).get("awsvpcConfiguration")
        if not _is_known(self.mode):
            return
        if self.mode == "awsvpc" and not given:
            what = "the network mode of the task definition is `awsvpc`, which needs `networkConfiguration`"
            yield _finding(service, "network-missing", what, (), "add subnets")
        if self.mode != "awsvpc" and given:
            what = f"the network mode of the task definition is `{self.mode}`, which takes no `networkConfiguration`"
            yield _finding(service, "network-unexpected", what, ("networkConfiguration",), "remove it, or use `awsvpc`")

    def named_containers(self, service: Definition) -> Iterator[Problem]:
        for member in ("loadBalancers", "serviceRegistries"):
            for at, entry in enumerate(service.document.get(member) or []):
                name, port = str(entry.get("containerName", "")), entry.get("containerPort")
                missing = list(self.no_container(service, name, (member, at, "containerName"), f"`{member}`"))
                yield from missing
                if name and port and not missing and _is_known(name) and not self.maps(name, port):
                    what = f"`{member}` names port {port} of `{name}`, which isn't among its `portMappings`"
                    path = (member, at, "containerPort")
                    yield _finding(service, "port-not-mapped", what, path, f"map it in {self.task.path}")

    def maps(self, name: str, port: int) -> bool:
        """Whether the container maps the port, as far as it can be told: ranges aren't looked into."""
        found = [container for container in self.containers if container.get("name") == name]
        mappings = [mapping for container in found for mapping in container.get("portMappings") or []]
        return any(mapping.get("containerPort") == port or "containerPortRange" in mapping for mapping in mappings)

    def named_ports(self, service: Definition) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html"""
        names = {
            str(mapping["name"])
            for container in self.containers
            for mapping in container.get("portMappings") or []
            if mapping.get("name")
        }
        connect = service.document.get("serviceConnectConfiguration") or {}
        entries: list[tuple[Path, Mapping[str, Any]]] = [
            (("serviceConnectConfiguration", "services", at), entry)
            for at, entry in enumerate(connect.get("services") or [])
        ]
        for member in ("vpcLatticeConfigurations", "gatewayConnectors"):
            entries += [((member, at), entry) for at, entry in enumerate(service.document.get(member) or [])]
        for path, entry in entries:
            name = str(entry.get("portName", ""))
            if name and _is_known(name) and name not in names:
                what = f"`portName: {name}` is the name of no port mapping"
                todo = f"give a mapping in {self.task.path} that `name`"
                yield _finding(service, "port-name", what, (*path, "portName"), todo)

    def named_volumes(self, service: Definition) -> Iterator[Problem]:
        names = {str(volume.get("name")) for volume in self.document.get("volumes") or []}
        for at, entry in enumerate(service.document.get("volumeConfigurations") or []):
            name = str(entry.get("name", ""))
            if _is_known(name) and name not in names:
                what = f"`volumeConfigurations` names the volume `{name}`, which the task definition doesn't have"
                path = ("volumeConfigurations", at, "name")
                yield _finding(service, "no-such-volume", what, path, "add it there with `configuredAtLaunch: true`")

    def count(self, service: Definition) -> Iterator[Problem]:
        if service.document.get("schedulingStrategy") == "DAEMON" and service.document.get("desiredCount") is not None:
            what = "a daemon service has a task on each instance, and takes no `desiredCount`"
            yield _finding(service, "daemon-count", what, ("desiredCount",), "remove it")

    def capacity(self, service: Definition) -> Iterator[Problem]:
        if service.document.get("launchType") and service.document.get("capacityProviderStrategy"):
            what = "`launchType` and `capacityProviderStrategy` exclude each other"
            yield _finding(service, "launch-type-and-strategy", what, ("launchType",), "remove one")


def _is_known(text: str) -> bool:
    return MISSING not in text and not SEALED.search(text)


def _finding(definition: Definition, code: str, what: str, path: Path, todo: str) -> Problem:
    return Problem(what, definition.tree.where(path), todo, code, severity_of(code))
