"""The codes of findings that only services have, how bad each is, and what it says in one sentence.

`checks.codes` has those that rules share with them; what a deploy brings with it is in `risks`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from esprestack.checks.codes import CODES
from esprestack.errors import Severity

_REFUSED: dict[str, str] = {
    "unknown-value": "A definition has a value that ECS doesn't know, as far as this version can tell.",
    "port-not-mapped": "A load balancer or a registry names a port that its container doesn't map.",
    "port-name": "A service names a port mapping that no container of its task definition has.",
    "host-port": "The network modes `awsvpc` and `host` take no host port but the container's own.",
    "no-such-volume": "A mount point or a volume configuration names a volume that isn't there.",
    "container-unnamed": "A container has no name, or no image.",
    "container-twice": "Two containers of a task definition have one name.",
    "daemon-count": "A daemon service takes no desired count.",
    "no-execution-role": "On Fargate images of ECR, secrets and the log need an execution role.",
}

_WARNING: dict[str, str] = {
    "key-case": "A definition's keys are in another case than AWS's own.",
    "required-version": "`required_version:` is about ecspresso's version, not this program's.",
    "filter-command": "`filter_command:` has no meaning here.",
    "service-name": "The service definition names another service than the config, which goes first.",
}

SERVICE_CODES: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        code: (severity, sentence)
        for severity, sentences in ((Severity.REFUSED, _REFUSED), (Severity.WARNING, _WARNING))
        for code, sentence in sentences.items()
    }
)

SHARED = frozenset(
    {"fargate-size", "launch-type-and-strategy", "network-missing", "network-unexpected", "no-such-container"}
)
"""Codes of rules' findings that services have too."""


def severity_of(code: str) -> Severity:
    """How bad a finding of a service is."""
    return (SERVICE_CODES if code in SERVICE_CODES else CODES)[code][0]
