"""A definition beside what AWS has: which fields differ, and both as they may be shown.

Defaults, the order of sets and spellings of the same make no difference. What AWS has and the file leaves out differs,
so that nothing is taken away unseen, but for `members.LEFT_ALONE`. Secrets never leave here, as in `plan.compare`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from esprestack.plan.compare import Leaves, Veil, difference
from esprestack.plan.model import digest
from esprestack.rule import Scope
from esprestack.services.documents import Leaf, leaves, with_leaves, with_texts
from esprestack.services.members import LEFT_ALONE, definition_form
from esprestack.services.model import Comparison, Document, ServiceScope
from esprestack.services.normal import SERVICE, TASK_DEFINITION, Default, bare, filled, value_of
from esprestack.services.shapes import REGISTER, Form, request_form


@dataclass(frozen=True, slots=True)
class Comparing:
    """What both sides are compared with. `ignored` are keys of tags that others may set."""

    scope: ServiceScope
    veil: Veil
    ignored: Collection[str] = ()

    def task_definition(self, live: Document | None, wanted: Document) -> Comparison:
        """`wanted`, RegisterTaskDefinition's members, beside those that a revision has; None: there is none."""
        name = f"task definition {wanted.get('family', '')}"
        return self._compared(name, live, wanted, request_form(REGISTER), TASK_DEFINITION)

    def service(self, live: Document | None, wanted: Document) -> Comparison:
        """`wanted`, CreateService's members, beside those that a service has; None: there is none."""
        return self._compared(f"service {self.scope.service}", live, wanted, definition_form(), SERVICE)

    def ours(self, document: Document) -> Document:
        """The document without tags that aren't ours to say: ignored ones, and AWS's own."""
        return without_others(document, self.ignored)

    def _compared(
        self, name: str, live: Document | None, wanted: Document, form: Form, defaults: tuple[Default, ...]
    ) -> Comparison:
        wanted = self.ours(wanted)
        there = {} if live is None else self.ours(without_left_alone(live, wanted))
        full, full_there = filled(wanted, defaults), {} if live is None else filled(there, defaults)
        new, old = list(leaves(full, form)), list(leaves(full_there, form))
        said = {leaf.path for leaf in leaves(wanted, form)}
        said_there = {leaf.path for leaf in leaves(bare(there, defaults), form)}
        values, values_there = _values(new, self.scope), _values(old, self.scope)
        as_sent = (Leaf(leaf.path, with_texts(leaf.value, self.veil.vault.open)) for leaf in new)
        opened = _values(as_sent, self.scope)
        changed = [
            path
            for path in {**values, **values_there}
            if values_there.get(path) != opened.get(path)
            and (path in values_there or path in said)  # else a default of what is new
            and (path in values or path in said_there)  # else a default of what goes
        ]
        changed = _without_names(changed, {leaf.path: leaf.entry for leaf in (*new, *old) if leaf.entry})
        found = difference(values_there, values, changed, self.veil)
        told = {*said, *changed}
        return Comparison(
            before=None if live is None else with_leaves(full_there, form, _only(found.before, {*told, *said_there})),
            after=with_leaves(full, form, _only(found.after, told)),
            fields=found.fields,
            marks=tuple(digest(name, *parts)[:16] for parts in found.marks),
        )


def is_registered(wanted: Document, found: Document, scope: ServiceScope, ignored: Collection[str] = ()) -> bool:
    """Whether `found`, a revision with its tags, is what registering `wanted`, an opened request, makes."""
    form = request_form(REGISTER)
    one, other = (
        _values(leaves(filled(without_others(side, ignored), TASK_DEFINITION), form), scope) for side in (wanted, found)
    )
    return one == other


def without_others(document: Document, ignored: Collection[str]) -> Document:
    """The document without tags of the keys in `ignored`, and without AWS's own."""
    if not document.get("tags"):
        return document
    keys = [str(tag.get("key", "")) for tag in document["tags"]]
    kept = [
        tag
        for key, tag in zip(keys, document["tags"], strict=True)
        if key not in ignored and not key.lower().startswith("aws:")
    ]
    return {**document, "tags": kept}


def _values(found: Iterable[Leaf], of: ServiceScope) -> Leaves:
    scope = Scope(of.partition, of.region, of.account, of.cluster, "")
    return {leaf.path: value_of(leaf.path, leaf.value, scope) for leaf in found}


def without_left_alone(live: Document, wanted: Document) -> Document:
    """What AWS has of the members that the file speaks of, and of those whose absence there says something too."""
    gone = {name for name in LEFT_ALONE if name not in wanted}
    if wanted.get("capacityProviderStrategy"):
        gone |= {"launchType"}  # it gives way
    elif "launchType" not in wanted:
        gone |= {"launchType", "capacityProviderStrategy"}  # the cluster's default, which AWS takes
    left = {name: value for name, value in live.items() if name not in gone}
    if deployment := left.get("deploymentConfiguration"):
        left["deploymentConfiguration"] = _of_strategy(deployment, wanted.get("deploymentConfiguration") or {})
    connect, said = left.get("serviceConnectConfiguration"), wanted.get("serviceConnectConfiguration")
    if connect and said and "namespace" not in said:  # the cluster's default
        left["serviceConnectConfiguration"] = {key: value for key, value in connect.items() if key != "namespace"}
    return left


def _of_strategy(live: Document, wanted: Document) -> Document:
    """What AWS has, without settings of a deployment strategy that isn't the file's: they stay, and mean nothing."""
    strategy = wanted.get("strategy", "ROLLING")
    others = {"linearConfiguration": "LINEAR", "canaryConfiguration": "CANARY"}
    gone = {name for name, of in others.items() if name not in wanted and strategy != of}
    return {name: value for name, value in live.items() if name not in gone}


def _without_names(changed: Collection[str], entries: Mapping[str, str]) -> list[str]:
    """The paths without those that only say the name of an entry which came or went with other leaves."""
    telling = [path for path in changed if path not in entries]
    return [
        path for path in changed if path not in entries or not any(other.startswith(entries[path]) for other in telling)
    ]


def _only(values: Leaves, paths: Collection[str]) -> Leaves:
    return {path: value for path, value in values.items() if path in paths}
