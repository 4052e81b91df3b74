"""A config beside what AWS has of it → ServicePlan. Pure: no call is made here, and nothing is changed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from esprestack.errors import Problem, Where
from esprestack.plan.compare import Veil
from esprestack.services.compare import Comparing
from esprestack.services.model import (
    Definition,
    Document,
    FoundImage,
    ImageChange,
    LiveService,
    Revision,
    Seen,
    ServiceConfig,
    ServicePlan,
    ServiceScope,
)
from esprestack.services.risks import risks_of
from esprestack.services.update import update_of

_ACTIVE = "ACTIVE"
_OURS = "ECS"


def plan_service(config: ServiceConfig, scope: ServiceScope, seen: Seen, veil: Veil) -> ServicePlan:
    """What a deploy of the config would do, given what AWS has of it.

    Nothing is registered where a revision that equals the file is there already: the one that the service runs, or the
    family's latest.
    """
    comparing = Comparing(scope, veil, config.ignored_tags)
    wanted, live = config.task_definition.document, seen.service
    equal = next(
        (found for found in _candidates(seen) if not comparing.task_definition(found.document, wanted).fields), None
    )
    base = (live.revision if live else None) or seen.family
    running = live.revision if live else None
    plan = ServicePlan(
        config=config,
        scope=scope,
        live=live,
        family=seen.family,
        task_definition=comparing.task_definition(base.document if base else None, wanted),
        service=None,
        register=wanted if equal is None else None,
        create=None,
        update=None,
        images=tuple(_images(config, seen, veil)),
        refusals=tuple(_not_ours(config, live)),
        reuse=equal if equal is not running and (live or config.service_definition) else None,
        notes=(*seen.notes, *_deregistered(running, equal, comparing, wanted)),
    )
    if config.service_definition:
        plan = _with_service(plan, config.service_definition, comparing)
    return replace(plan, risks=tuple(risks_of(plan, seen.images)))


def _candidates(seen: Seen) -> Iterator[Revision]:
    """Revisions that may be deployed: one that was deregistered may not."""
    for revision in (seen.service.revision if seen.service else None, seen.family):
        if revision and revision.status == _ACTIVE:
            yield revision


def _with_service(plan: ServicePlan, definition: Definition, comparing: Comparing) -> ServicePlan:
    wanted, live = definition.document, plan.live
    if live is None:
        comparison = comparing.service(None, wanted)
        return replace(plan, service=comparison, create={"serviceName": plan.scope.service, **wanted})
    told = {name: value for name, value in live.document.items() if name not in live.unread}
    compared = {name: value for name, value in wanted.items() if name not in live.unread}
    comparison = comparing.service(told, compared)
    update = update_of(definition, comparison.fields)
    put, removed = _tags(comparing.ours(wanted), comparing.ours(told), comparing.veil.vault.open)
    return replace(
        plan,
        service=comparison,
        update=update.members or None,
        tags_put=put,
        tags_removed=removed,
        refusals=(*plan.refusals, *update.refusals),
    )


def _tags(wanted: Document, told: Document, open_: Callable[[str], str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tags to be set, and the keys of those to go; where the file has no `tags` it says nothing of them."""
    if "tags" not in wanted:
        return {}, ()
    new, old = (
        {str(tag["key"]): str(tag.get("value", "")) for tag in side.get("tags") or []} for side in (wanted, told)
    )
    put = {key: value for key, value in new.items() if old.get(key) != open_(value)}
    return put, tuple(sorted(old.keys() - new.keys()))


def _images(config: ServiceConfig, seen: Seen, veil: Veil) -> Iterator[ImageChange]:
    """Containers whose image is another one than what runs, by its name or by its digest alone."""
    live = seen.service
    running = live.revision.document if live and live.revision else {}
    before = {str(item.get("name")): str(item.get("image", "")) for item in running.get("containerDefinitions", [])}
    for container in config.task_definition.document.get("containerDefinitions", []):
        name, image = str(container.get("name", "")), str(container.get("image", ""))
        fact, runs = seen.images.get(image), live.digests.get(name, "") if live else ""
        digest = fact.digest if isinstance(fact, FoundImage) else ""
        moved = bool(runs and digest and runs != digest and isinstance(fact, FoundImage) and runs not in fact.parts)
        if moved or before.get(name, "") != veil.vault.open(image):
            shown = str(veil.shown("image", image)), str(veil.shown("image", before.get(name, "")))
            yield ImageChange(name, shown[1], shown[0], runs, digest)


def _not_ours(config: ServiceConfig, live: LiveService | None) -> Iterator[Problem]:
    """Services that esprestack doesn't deploy.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentController.html
    """
    yield from foreign_controller(config)
    where = config.service_definition.tree.where(()) if config.service_definition else Where(config.path)
    if live is None and config.service and config.service_definition is None:
        what = f"there is no service `{config.service}`, and the config names no file to make it from"
        yield Problem(what, where, "add `service_definition:`, or mend `service:` or `cluster:`", "no-service")
    if live and live.controller != _OURS:
        what = f"the service is deployed by {live.controller}, which esprestack doesn't do"
        yield Problem(what, where, "see docs/services.md for moving it to ECS's own deployments", "not-here")
    if live and live.status == "DRAINING":
        yield Problem("the service is being deleted", where, "wait until it is gone", "draining")


def foreign_controller(config: ServiceConfig) -> Iterator[Problem]:
    """A deployment controller in the file that isn't ECS's own."""
    definition = config.service_definition
    controller = (definition.document.get("deploymentController") or {}).get("type", _OURS) if definition else _OURS
    if definition and controller != _OURS:
        what = f"deployments by {controller} are nothing that esprestack does"
        todo = "remove `deploymentController`; blue/green is `deploymentConfiguration.strategy: BLUE_GREEN`"
        yield Problem(what, definition.tree.where(("deploymentController", "type")), todo, "not-here")


def _deregistered(
    running: Revision | None, equal: Revision | None, comparing: Comparing, wanted: Document
) -> Iterator[str]:
    if running and running.status != _ACTIVE:
        same = equal is None and not comparing.task_definition(running.document, wanted).fields
        again = ", and so the same definition is registered again" if same else ""
        yield f"the service runs {running.name}, which was deregistered{again}"
