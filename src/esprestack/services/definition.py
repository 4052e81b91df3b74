"""A definition file: from its tree, bare or as `aws ecs describe-…` prints it, to a Definition and what is wrong.

In: the file, rendered and parsed; out: members in AWS's spelling, and places that are found by them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from esprestack.config.load import Prepared
from esprestack.config.seals import broken_seals
from esprestack.config.tree import Data, Path, Tree
from esprestack.errors import ConfigError, Problem
from esprestack.secrets import SEALED, Vault
from esprestack.services.codes import severity_of
from esprestack.services.documents import KEYED, PAIRS
from esprestack.services.held import Held, Spelled, held
from esprestack.services.members import OURS, definition_form
from esprestack.services.model import Definition, Document
from esprestack.services.shapes import CREATE, REGISTER, Form, request_form, shape_form, told_only

_FAILURES = "failures"
"""What describe-services prints beside the services."""


@dataclass(frozen=True, slots=True)
class ReadDefinition:
    """A definition as far as it can be read, and everything that is wrong with its text."""

    definition: Definition
    problems: tuple[Problem, ...]


def read_task_definition(prepared: Prepared, vault: Vault) -> ReadDefinition:
    """What `task_definition:` names: RegisterTaskDefinition's members, or what describe-task-definition prints."""
    tree, form = prepared.tree, request_form(REGISTER)
    key = _key(tree.data, "taskDefinition")
    at = () if key is None else (key,)
    tags = None if key is None else _key(tree.data, "tags")  # describe tells them beside the definition
    beside = held(_part(tree, tags), _only(form, "tags"), tree, (), (), vault.open) if tags else None
    others = () if key is None else sorted(_keys(tree.data) - {key, tags})
    wrong = [
        Problem(f"`{other}` stands beside `{key}`", tree.where_key((other,)), f"move it below `{key}`", "unknown-key")
        for other in others
    ]
    return _read(prepared, form, at, told_only("TaskDefinition", REGISTER), vault, wrong, beside)


def read_service_definition(prepared: Prepared, vault: Vault, service: str) -> ReadDefinition:
    """What `service_definition:` names: CreateService's members, or what describe-services prints of one service.

    `service` is the name that the config has.
    """
    tree = prepared.tree
    at: Path = ()
    wrong: list[Problem] = []
    if key := _key(tree.data, "service"):
        at = (key,)
    elif key := _key(tree.data, "services"):
        at = (key, 0)
        entries = _at(tree.data, (key,))
        count = len(entries) if isinstance(entries, list) else 0
        if count != 1:
            what = f"`{key}` holds {count} services"
            wrong.append(Problem(what, tree.where((key,)), "a service definition is of one service", "wrong-value"))
    wrong += [
        Problem(f"`{other}` stands beside `{key}`", tree.where_key((other,)), "remove it", "unknown-key")
        for other in sorted(_keys(tree.data) if key else ())
        if other not in (key, _FAILURES)
    ]
    wrong += _named_otherwise(tree, at, service)
    if key and any(problem.code == "wrong-value" for problem in wrong):
        return ReadDefinition(Definition(prepared.source.path, {}, tree), (*prepared.missing, *wrong))
    return _read(prepared, definition_form(), at, told_only("Service", CREATE) | OURS, vault, wrong, None)


def read_overrides(prepared: Prepared, vault: Vault) -> Document:
    """A file with a TaskOverride: what a run changes of its task. Raises ConfigError.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
    """
    found = held(prepared.tree.data, shape_form("TaskOverride"), prepared.tree, (), (), vault.open)
    problems = [*prepared.missing, *found.problems, *broken_seals(prepared.tree, vault)]
    errors = [problem for problem in problems if problem.stops]
    if errors:
        raise ConfigError(errors)
    return found.document


def _read(
    prepared: Prepared,
    form: Form,
    at: Path,
    silent: Collection[str],
    vault: Vault,
    wrong: list[Problem],
    beside: Held | None,
) -> ReadDefinition:
    """The definition at `at`, of whose members `silent` nothing is said, with what stands `beside` it."""
    found = held(_at(prepared.tree.data, at), form, prepared.tree, at, silent, vault.open)
    if beside:
        document, paths = {**beside.document, **found.document}, {**beside.paths, **found.paths}
        found = Held(document, (*beside.problems, *found.problems), paths)
    tree = Spelled(prepared.tree, found.paths, at)
    problems = [*prepared.missing, *wrong, *found.problems, *broken_seals(prepared.tree, vault)]
    problems += _secret_names(found.document, tree)
    return ReadDefinition(Definition(prepared.source.path, found.document, tree), tuple(problems))


def _secret_names(document: dict[str, Any], tree: Tree) -> Iterator[Problem]:
    """Secrets in members that tell a list's entries apart: they would be names in every report."""
    for path, value in _values(document, ()):
        if len(path) < 3 or not isinstance(value, str) or not SEALED.search(value):
            continue
        holder, position, member = str(path[-3]), path[-2], path[-1]
        keys = PAIRS[holder][:1] if holder in PAIRS else KEYED.get(holder, ())
        if isinstance(position, int) and member in keys:
            what = f"a secret can't be the `{member}` of an entry of `{holder}`"
            yield Problem(what, tree.where(path), "use it as a value", "wrong-value")


def _values(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, child in children:
        yield (*path, part), child
        yield from _values(child, (*path, part))


def _named_otherwise(tree: Tree, at: Path, service: str) -> Iterator[Problem]:
    """The service's name in its definition, which the config's goes before."""
    data = _at(tree.data, at)
    key = _key(data, "serviceName")
    named = data[key] if isinstance(data, dict) and key else None
    if isinstance(named, str) and service and named != service:
        what = f"`{key}` is `{named}`, but `service` of the config is `{service}`, which goes first"
        where = tree.where((*at, str(key)))
        yield Problem(what, where, "remove it", "service-name", severity_of("service-name"))


def _at(data: Data, path: Path) -> Data:
    for part in path:
        if isinstance(data, dict):
            data = data.get(str(part))
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
    return data


def _part(tree: Tree, key: str) -> Data:
    return {key: _at(tree.data, (key,))}


def _only(form: Form, name: str) -> Form:
    return replace(form, members={name: form.members[name]}, required=frozenset())


def _key(data: Data, name: str) -> str | None:
    """The key of `data` that is `name`, whatever its case."""
    return next((key for key in _keys(data) if key.lower() == name.lower()), None)


def _keys(data: Data) -> frozenset[str]:
    return frozenset(data) if isinstance(data, dict) else frozenset()
