"""Writes that AWS carries out as often as it is asked to: after a lost answer somebody looks before it is asked again."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.aws.deploys.builders import a_definition
from tests.support.ecs_server import EcsServer, ScriptedEcs
from tests.support.shaky_front import Fault

from esprestack.errors import AwsError
from esprestack.services.ecs import Ecs

MADE = {"made": "by the first try"}


def registered(client: Ecs, made: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
    return client.aws.call_once(made, "ecs", "register_task_definition", **a_definition())


def revisions(ecs: ScriptedEcs) -> int:
    return len(ecs.definitions.families.get("web", []))


def looking(answer: dict[str, Any] | None) -> tuple[list[int], Callable[[], dict[str, Any] | None]]:
    looks: list[int] = []

    def made() -> dict[str, Any] | None:
        looks.append(1)
        return answer

    return looks, made


def test_what_was_carried_out_is_not_asked_for_again(client: Ecs, server: EcsServer, ecs: ScriptedEcs) -> None:
    server.drop("RegisterTaskDefinition", after_storing=True)
    looks, made = looking(MADE)
    assert registered(client, made) == MADE
    assert (revisions(ecs), len(looks)) == (1, 1)


def test_what_was_not_carried_out_is_asked_for_again(client: Ecs, server: EcsServer, ecs: ScriptedEcs) -> None:
    server.drop("RegisterTaskDefinition", after_storing=False)
    looks, made = looking(None)
    assert registered(client, made)["taskDefinition"]["revision"] == 1
    assert (revisions(ecs), len(looks)) == (1, 1)


def test_the_last_try_is_looked_after_as_well(
    client: Ecs, server: EcsServer, ecs: ScriptedEcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server.drop("RegisterTaskDefinition", after_storing=True)
    assert registered(client, lambda: MADE) == MADE


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_what_aws_refused_needs_no_look(client: Ecs, server: EcsServer, code: str) -> None:
    server.fail("RegisterTaskDefinition", code)
    looks, made = looking(MADE)
    if code == "ThrottlingException":
        assert "taskDefinition" in registered(client, made)
    else:
        with pytest.raises(AwsError):
            registered(client, made)
    assert looks == []


def test_where_nobody_can_look_the_lost_answer_is_the_error(client: Ecs, server: EcsServer, ecs: ScriptedEcs) -> None:
    server.drop("RegisterTaskDefinition", after_storing=True)

    def made() -> dict[str, Any]:
        return client.aws.call("ecs", "list_task_definitions")

    server.fail("ListTaskDefinitions", "AccessDeniedException", times=None)
    with pytest.raises(AwsError, match="RegisterTaskDefinition: AWS can't be reached"):
        registered(client, made)
    assert revisions(ecs) == 1


def test_who_is_stopped_looks_no_more(client: Ecs, server: EcsServer) -> None:
    looks, made = looking(MADE)

    def stopped(number: int, operation: str) -> Fault:
        client.aws.stopped.set()
        return Fault.LOST_BEFORE

    server.choose = stopped
    with pytest.raises(AwsError):
        registered(client, made)
    assert looks == []
