"""deploy, wait and rollback by themselves: rules that name a revision of the service's family move along, or stay.

They move after the deployment has succeeded and at no other time, and nothing of them changes but that revision.
"""

import json

import pytest
from tests.aws.account import Account
from tests.aws.configs import Folder
from tests.aws.conftest import Esprestack
from tests.aws.deploys.builders import a_container, a_definition
from tests.aws.deploys.pinned import a_pinned, has_pinned, starts
from tests.aws.deploys.planning import ServiceFiles
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World, writes
from tests.support.ecs_server import EcsServer


@pytest.fixture
def pinned(world: World, account: Account, folder: Folder, files: ServiceFiles, clock: Clock) -> ServiceFiles:
    """A service and a rule on its revision 1, and files that bring the next one."""
    world.runs("app:1")
    has_pinned(account)
    folder.config(a_pinned())
    files.definition = "app:2"
    return files


# -- deploy ------------------------------------------------------------------------------------------------------


def test_rules_move_once_the_deployment_has_succeeded(
    esprestack: Esprestack, pinned: ServiceFiles, account: Account, server: EcsServer
) -> None:
    server.clear()
    said = esprestack("deploy")
    assert (said.code, said.out) == (0, "service web: web:2 is deployed\n")
    assert "done: update nightly" in said.err
    assert writes(server) == ["RegisterTaskDefinition", "UpdateService", "PutTargets"]
    assert starts(account) == "web:2"
    assert esprestack("diff", "--exit-code").code == 0


def test_nothing_of_a_rule_changes_but_its_revision(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, account: Account
) -> None:
    folder.config(a_pinned(scheduleExpression="rate(9 days)", description="not applied yet"))
    before = {key: value for key, value in account.rule().items() if key != "ResponseMetadata"}
    assert esprestack("deploy").code == 0
    assert starts(account) == "web:2"
    assert account.rule().items() >= before.items()


def test_rules_stay_where_the_deployment_is_rolled_back(
    esprestack: Esprestack, pinned: ServiceFiles, account: Account
) -> None:
    pinned.definition = "app:bad2"
    assert esprestack("deploy").code == 1
    assert starts(account) == "web:1"


def test_rules_stay_where_that_is_asked_for(esprestack: Esprestack, pinned: ServiceFiles, account: Account) -> None:
    assert esprestack("deploy", "--no-rules").code == 0
    assert starts(account) == "web:1"


@pytest.mark.parametrize(
    ("live", "why"),
    [
        ({"tracked_by": "theirs"}, "it is tracked by `theirs`"),
        ({"tracked_by": None}, "it is tracked by nobody"),
        ({"revision": "job:3"}, "it starts job:3"),
        ({"name": "other"}, "it isn't there yet"),
    ],
)
def test_a_live_rule_that_is_another_one_is_left_to_an_apply(
    esprestack: Esprestack, world: World, files: ServiceFiles, folder: Folder, account: Account, server: EcsServer,
    clock: Clock, live: dict[str, str], why: str,
) -> None:  # fmt: skip
    world.runs("app:1")
    has_pinned(account, **live)
    folder.config(a_pinned())
    files.definition = "app:2"
    said = esprestack("deploy")
    assert said.code == 0
    assert f"note: `nightly` follows the service, and is left to an apply: {why}\n" in said.err
    assert "PutTargets" not in writes(server)


def test_a_rule_that_could_not_run_any_more_is_said_before_anything_is_registered(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, server: EcsServer
) -> None:
    pinned.definition = a_definition(containerDefinitions=[a_container("app2", image="app:2")])
    folder.config(a_pinned(containerOverrides=[{"name": "app", "command": ["true"]}]))
    server.clear()
    said = esprestack("deploy")
    assert (said.code, writes(server)) == (1, [])
    assert "the rule `nightly`: it overrides `app`, which web:(new) doesn't have any more" in said.err
    assert "(mend that, or give --no-rules)" in said.err


def test_a_rule_that_cannot_be_written_fails_the_deploy_and_is_written_by_the_next_one(
    esprestack: Esprestack, pinned: ServiceFiles, account: Account, server: EcsServer
) -> None:
    server.fail("PutTargets", "AccessDeniedException", times=1)
    said = esprestack("deploy")
    assert (said.code, said.out) == (1, "service web: web:2 is deployed\n")
    assert "error: " in said.err
    assert starts(account) == "web:1"
    assert esprestack("deploy").code == 0
    assert starts(account) == "web:2"


def test_an_older_revision_takes_the_rules_along(
    esprestack: Esprestack, pinned: ServiceFiles, account: Account
) -> None:
    assert esprestack("deploy").code == 0
    assert esprestack("deploy", "--revision", "1").code == 0
    assert starts(account) == "web:1"


# -- deploy --dry-run --------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_deployed_and_which_rules_would_move(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer
) -> None:
    server.clear()
    said = esprestack("deploy", "--dry-run")
    assert (said.code, writes(server)) == (0, [])
    assert "~ update task definition web: containerDefinitions[app].image\n" in said.out
    assert "~ update nightly: taskDefinition\n" in said.out
    assert said.out.endswith("\n2 to update, 1 unchanged\n")


def test_a_dry_run_says_what_the_options_make_of_the_plan(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer
) -> None:
    server.clear()
    asked = ("--dry-run", "--revision", "1", "--tasks", "5", "--force-new-deployment", "--no-update-service")
    said = esprestack("deploy", *asked)
    assert (said.code, writes(server)) == (0, [])
    for note in (
        "the task definition is web:1, not the file's",
        "the desired count becomes 5",
        "a new deployment is made in any case",
        "the service's attributes and tags stay as they are",
    ):
        assert f"note: {note}\n" in said.out
    assert "containerDefinitions" not in said.out


def test_a_dry_run_is_refused_where_the_deploy_would_be(esprestack: Esprestack, pinned: ServiceFiles) -> None:
    pinned.service = {"desiredCount": 2, "launchType": "EC2", "schedulingStrategy": "DAEMON"}
    assert esprestack("deploy", "--dry-run").code == 1


# -- wait --------------------------------------------------------------------------------------------------------


def test_who_waits_later_moves_the_rules_then(esprestack: Esprestack, pinned: ServiceFiles, account: Account) -> None:
    handle = esprestack("deploy", "--no-wait", "--format", "json")
    assert (handle.code, starts(account)) == (0, "web:1")
    said = esprestack("wait", "--deployment", handle.out)
    assert (said.code, said.out) == (0, "service web: web:2 is deployed\n")
    assert starts(account) == "web:2"


def test_who_waits_without_configs_moves_nothing(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, account: Account
) -> None:
    handle = esprestack("deploy", "--no-wait", "--format", "json")
    for file in folder.path.iterdir():
        file.unlink()
    assert esprestack("wait", "--deployment", handle.out).code == 0
    assert starts(account) == "web:1"


# -- rollback ----------------------------------------------------------------------------------------------------


def test_rules_go_back_with_the_service(esprestack: Esprestack, pinned: ServiceFiles, account: Account) -> None:
    esprestack("deploy")
    shown = esprestack("rollback", "--dry-run")
    assert (shown.code, starts(account)) == (0, "web:2")
    assert shown.out.endswith("the rule `nightly` follows it\n")
    said = esprestack("rollback", "--dry-run", "--format", "json")
    assert json.loads(said.out)["rules"] == ["nightly"]
    assert esprestack("rollback").code == 0
    assert starts(account) == "web:1"


def test_the_revision_that_was_left_can_be_deregistered_once_the_rules_have_gone_back(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, account: Account
) -> None:
    esprestack("deploy")
    said = esprestack("rollback", "--deregister")
    assert said.code == 0, said.err
    assert (world.revisions, starts(account)) == (["web:1"], "web:1")


def test_rules_that_stay_keep_the_revision_from_being_deregistered(
    esprestack: Esprestack, pinned: ServiceFiles, world: World
) -> None:
    esprestack("deploy")
    said = esprestack("rollback", "--deregister", "--no-rules")
    assert said.code == 1
    assert "the rule nightly couldn't start tasks of it any more" in said.err
    assert world.revisions == ["web:1", "web:2"]


# -- migrate -----------------------------------------------------------------------------------------------------


def test_a_rule_that_follows_is_moved_with_the_revision_that_its_service_runs(
    esprestack: Esprestack, pinned: ServiceFiles
) -> None:
    esprestack("deploy")
    said = esprestack("migrate", "--dry-run")
    assert "taskDefinition" not in said.out + said.err
