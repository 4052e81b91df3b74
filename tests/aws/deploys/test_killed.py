"""A deploy that is cut off at any call, before or after AWS has carried it out; and the next one, which goes on from there."""

import itertools

import pytest
from tests.aws.deploys.builders import a_service
from tests.aws.deploys.deploying import cut_off, deployed
from tests.aws.deploys.world import World
from tests.support.ecs_server import EcsServer
from tests.support.shaky_front import Fault

from esprestack.errors import AwsError
from esprestack.services.ecs import Ecs

TAGGED = a_service(
    enableExecuteCommand=True, desiredCount=3, tags=[{"key": "team", "value": "red"}, {"key": "cost", "value": "7"}]
)


@pytest.fixture(autouse=True)
def one_try(client: Ecs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed asks for nothing again."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER], ids=str)
@pytest.mark.parametrize("there", [True, False], ids=["updated", "created"])
def test_a_deploy_that_was_cut_off_anywhere_is_finished_by_the_next(
    client: Ecs, server: EcsServer, there: bool, fault: Fault
) -> None:
    for number in itertools.count():
        server.reset()
        world = World(server.ecs)
        if there:
            world.runs("app:1", tags=[{"key": "old", "value": "1"}])
        cut_off(server, number, fault)
        was_cut_off = False
        try:
            deployed(client, "app:2", TAGGED)
        except AwsError:
            was_cut_off = True
        server.calm()
        deployed(client, "app:2", TAGGED)
        check_is_deployed(world, there, f"call {number}, {fault}")
        before = world.ecs.snapshot()
        server.clear()
        deployed(client, "app:2", TAGGED)
        assert (server.writes(), world.ecs.snapshot()) == ([], before), f"call {number}: a third deploy had work to do"
        if not was_cut_off:
            break
    assert number > 5


def check_is_deployed(world: World, was_there: bool, told: str) -> None:
    service = world.ecs.service()
    wanted = ["web:1", "web:2"] if was_there else ["web:1"]
    assert world.revisions == wanted, f"{told}: a revision too many"
    assert world.deployments == wanted, f"{told}: a deployment too many"
    assert (service.desired, service.settings["enableExecuteCommand"]) == (3, True), told
    assert service.tags == {"team": "red", "cost": "7"}, told
