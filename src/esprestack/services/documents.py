"""Documents of ECS as flat leaves and back: which lists are sets, and what tells their entries apart.

`containerDefinitions[app].environment.TZ` is a path: entries of a list go by their key, pairs of name and value are
one leaf. In: a document and its form; out: leaves, and documents of chosen leaves.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from esprestack.services.shapes import Form, Sort

PAIRS: Mapping[str, tuple[str, str]] = {
    "environment": ("name", "value"),
    "properties": ("name", "value"),
    "secrets": ("name", "valueFrom"),
    "secretOptions": ("name", "valueFrom"),
    "systemControls": ("namespace", "value"),
    "extraHosts": ("hostname", "ipAddress"),
    "tags": ("key", "value"),
}
"""Lists, by the member that holds them, of names and values: in no order."""

KEYED: Mapping[str, tuple[str, ...]] = {
    "capacityProviderStrategy": ("capacityProvider",),
    "clientAliases": ("port",),
    "containerDefinitions": ("name",),
    "dependsOn": ("containerName",),
    "devices": ("hostPath",),
    "gatewayConnectors": ("portName",),
    "inferenceAccelerators": ("deviceName",),
    "lifecycleHooks": ("hookTargetArn",),
    "loadBalancers": ("containerName", "containerPort"),
    "mountPoints": ("containerPath",),
    "placementConstraints": ("type", "expression"),
    "portMappings": ("containerPort", "containerPortRange", "protocol"),
    "resourceRequirements": ("type",),
    "services": ("portName",),
    "tagSpecifications": ("resourceType",),
    "tmpfs": ("containerPath",),
    "ulimits": ("name",),
    "volumeConfigurations": ("name",),
    "volumes": ("name",),
    "volumesFrom": ("sourceContainer",),
    "vpcLatticeConfigurations": ("portName",),
}
"""Lists in no order whose entries are told apart by these of their members. Of all other lists the order counts."""

_UNSAID = (None, "", "tcp")
"""Values that are no part of what an entry goes by: a port mapping is of TCP unless it says otherwise."""

SETS = frozenset(
    {
        "accessTypes", "add", "alarmNames", "credentialSpecs", "dockerSecurityOptions", "drop", "ignoredExitCodes",
        "lifecycleStages", "links", "metricNames", "permissions", "requiresCompatibilities", "securityGroups",
        "subnets",
    }
)  # fmt: skip
"""Lists of texts or numbers in no order."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of a document. `entry` is the path of the list's entry that the value tells from others, if it does."""

    path: str
    value: Any
    entry: str = ""


def leaves(document: Mapping[str, Any], form: Form) -> Iterator[Leaf]:
    """The leaves, each path once. What says nothing isn't one: an empty list, an empty text, false.

    Values that users name (environment, labels, options) are leaves whatever they are.
    """
    for name, value in document.items():
        if (member := form.members.get(name)) is not None:
            yield from _leaves(value, member, name, name)


def _leaves(value: Any, form: Form, name: str, path: str) -> Iterator[Leaf]:
    match form.sort:
        case Sort.STRUCTURE:
            for key, child in value.items():
                yield from _leaves(child, form.members[key], key, f"{path}.{key}")
        case Sort.MAP:
            yield from (Leaf(f"{path}.{key}", child) for key, child in value.items())
        case Sort.LIST if name in PAIRS:
            _, holds = PAIRS[name]
            yield from (Leaf(f"{path}.{label}", item.get(holds, "")) for label, item in labelled(value, name))
        case Sort.LIST if form.item is not None and form.item.sort is Sort.STRUCTURE:
            for label, item in labelled(value, name):
                entry = f"{path}[{label}]"
                for leaf in _leaves(item, form.item, "", entry):
                    is_key = leaf.path.removeprefix(f"{entry}.") in KEYED.get(name, ())
                    yield Leaf(leaf.path, leaf.value, entry) if is_key else leaf
        case _ if value not in (None, "", [], {}) and value is not False:
            yield Leaf(path, sorted(value) if name in SETS else value)


def labelled(items: Sequence[Mapping[str, Any]], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The entries of the list at member `name` with what they go by, in the order that counts, each label once."""
    keys = PAIRS[name][:1] if name in PAIRS else KEYED.get(name, ())
    if not keys:
        return [(str(at), item) for at, item in enumerate(items)]
    found = [("/".join(str(item[key]) for key in keys if item.get(key) not in _UNSAID), item) for item in items]
    found.sort(key=lambda pair: (pair[0], json.dumps(pair[1], sort_keys=True, default=str)))
    seen: dict[str, int] = {}
    numbered = []
    for label, item in found:
        seen[label] = seen.get(label, 0) + 1
        numbered.append((label if seen[label] == 1 else f"{label}#{seen[label]}", item))
    return numbered


def with_leaves(document: Mapping[str, Any], form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The document with those of its leaves alone that are in `values`, and with the values there; keys in AWS's order.

    Entries of lists in no order are sorted by what they go by.
    """
    return {
        name: found
        for name, member in form.members.items()
        if name in document and (found := _with_leaves(document[name], member, name, name, values)) is not None
    }


def _with_leaves(value: Any, form: Form, name: str, path: str, values: Mapping[str, Any]) -> Any:
    """None where nothing is left."""
    match form.sort:
        case Sort.STRUCTURE:
            kept = {
                key: found
                for key, member in form.members.items()
                if key in value
                and (found := _with_leaves(value[key], member, key, f"{path}.{key}", values)) is not None
            }
            return kept or None
        case Sort.MAP:
            return {key: values[f"{path}.{key}"] for key in sorted(value) if f"{path}.{key}" in values} or None
        case Sort.LIST if name in PAIRS:
            key, holds = PAIRS[name]
            return [
                {key: item.get(key, ""), holds: values[f"{path}.{label}"]}
                for label, item in labelled(value, name)
                if f"{path}.{label}" in values
            ] or None
        case Sort.LIST if form.item is not None and form.item.sort is Sort.STRUCTURE:
            entries = (
                _with_leaves(item, form.item, "", f"{path}[{label}]", values) for label, item in labelled(value, name)
            )
            return [item for item in entries if item is not None] or None
    return values.get(path)


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A document, or anything in one, with `change` made to each text in it but keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: with_texts(child, change) for key, child in value.items()}
    return [with_texts(item, change) for item in value] if isinstance(value, list | tuple) else value


def tags_in(members: Collection[Mapping[str, Any]] | None) -> dict[str, str]:
    """ECS's list of tags by their keys."""
    return {tag["key"]: tag.get("value") or "" for tag in members or ()}
