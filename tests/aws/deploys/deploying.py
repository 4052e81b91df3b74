"""Deploys for tests: a plan carried out, and an AWS that goes away while it is."""

from typing import Any

from tests.aws.deploys.planning import a_plan
from tests.support.ecs_server import EcsServer
from tests.support.shaky_front import Fault

from esprestack.services.deploy import DeployOptions, Started, deploy
from esprestack.services.ecs import Ecs
from esprestack.services.model import Document, Handle, ServicePlan


def no_pause(_: float) -> bool:
    return False


def carried_out(client: Ecs, plan: ServicePlan, said: list[str] | None = None, **options: Any) -> Started:
    """The plan, deployed; what was told goes to `said`."""
    told: list[str] = [] if said is None else said
    return deploy(client, plan, DeployOptions(**options), told.append, no_pause)


def deployed(
    client: Ecs, definition: Document | str = "app:2", service: Document | None = None, **options: Any
) -> Handle:
    """The handle of what a deploy of these documents began."""
    return carried_out(client, a_plan(client, definition, service), **options).handle


def cut_off(server: EcsServer, number: int, fault: Fault) -> None:
    """From call `number` on nothing is answered; that one call is carried out or not, as `fault` says."""
    server.choose = lambda at, _: None if at < number else fault if at == number else Fault.LOST_BEFORE
