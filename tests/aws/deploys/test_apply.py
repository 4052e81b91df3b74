"""apply of both kinds: the service is deployed and waited for, then the rules are written; rules may follow the service.

A job must never be started of a revision that wasn't deployed, nor be left on one that is gone: so whatever goes wrong
with the service, the rules stay as they are.
"""

import json
from typing import Any

import pytest
import yaml
from tests.aws.account import Account
from tests.aws.configs import Folder
from tests.aws.conftest import Esprestack
from tests.aws.deploys.builders import a_container, a_definition, a_service
from tests.aws.deploys.pinned import a_pinned, has_pinned, starts
from tests.aws.deploys.planning import ServiceFiles
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World, writes
from tests.support.ecs_server import EcsServer

MIGRATE = json.dumps({"containerOverrides": [{"name": "app", "command": ["rake", "db:migrate"]}]})
FAILING = json.dumps({"containerOverrides": [{"name": "app", "command": ["exit", "3"]}]})


@pytest.fixture
def pinned(world: World, account: Account, folder: Folder, files: ServiceFiles) -> ServiceFiles:
    """A service and a rule on its revision 1, and files that bring the next one."""
    world.runs("app:1")
    has_pinned(account)
    folder.config(a_pinned())
    files.definition = "app:2"
    return files


# -- the order ---------------------------------------------------------------------------------------------------


def test_a_service_is_deployed_and_waited_for_before_rules_are_written(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, server: EcsServer, account: Account, clock: Clock
) -> None:
    server.clear()
    said = esprestack("apply")
    assert (said.code, said.err.count("error")) == (0, 0)
    assert writes(server) == ["RegisterTaskDefinition", "UpdateService", "PutTargets"]
    assert (world.running, starts(account)) == ("web:2", "web:2")
    assert said.out.endswith("Applied: 2 done\n")
    assert esprestack("diff", "--exit-code").code == 0


def test_an_apply_of_what_is_there_already_asks_for_no_deployment(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer, clock: Clock
) -> None:
    esprestack("apply")
    server.clear()
    said = esprestack("apply")
    assert (said.code, writes(server)) == (0, [])
    assert said.out.endswith("Nothing to apply: AWS is what the config says\n")


def test_a_service_that_is_not_there_is_created_first(
    esprestack: Esprestack, folder: Folder, files: ServiceFiles, server: EcsServer, account: Account, clock: Clock
) -> None:
    folder.config(a_pinned(revision="web"))
    said = esprestack("apply")
    assert said.code == 0, said.err
    assert writes(server) == ["RegisterTaskDefinition", "CreateService", "PutRule", "PutTargets"]


@pytest.mark.parametrize("image", ["app:bad-pull", "app:bad2"])
def test_rules_stay_as_they_are_where_the_deploy_fails(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, server: EcsServer, account: Account, clock: Clock,
    image: str,
) -> None:  # fmt: skip
    pinned.definition = image
    server.clear()
    said = esprestack("apply", "--report", "report.json")
    assert said.code == 1
    assert "PutTargets" not in writes(server)
    assert (world.running, starts(account)) == ("web:1", "web:1")
    assert said.out.endswith("Applied: 1 failed, 1 not tried\n")
    assert "error: web:2 was rolled back: " in said.err


def test_the_report_says_how_the_deployment_went_and_what_was_not_tried(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, clock: Clock
) -> None:
    pinned.definition = "app:bad2"
    esprestack("apply", "--report", "report.json")
    report = json.loads((folder.path / "report.json").read_text())
    service, rules = report["plans"]
    assert (service["kind"], rules["kind"]) == ("service", "rules")
    assert [change["result"] for change in service["changes"] if change["result"]] == ["failed"]
    assert [change["result"] for change in rules["changes"]] == ["not tried"]
    assert service["deployment"].startswith("arn:aws:ecs:")
    assert service["timeline"][-1]["what"] == "rolled back"
    assert any("stopped" in line for line in service["stopped"])


def test_a_failed_deploy_is_told_again_by_the_next_apply_though_nothing_differs(
    esprestack: Esprestack, folder: Folder, files: ServiceFiles, world: World, account: Account, clock: Clock
) -> None:
    world.runs("app:1", breaker=False)
    folder.config(a_pinned(revision="web"))
    files.definition, files.service, files.timeout = "app:bad2", a_service(breaker=False), 60.0
    first = esprestack("apply")
    again = esprestack("apply")
    assert (first.code, again.code) == (1, 1)
    assert "it isn't done after 60 s" in again.err
    assert account.names() == []


# -- a task before the deploy ------------------------------------------------------------------------------------


def test_a_migration_runs_before_the_deploy_with_the_same_revision(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, server: EcsServer, clock: Clock
) -> None:
    server.clear()
    said = esprestack("apply", "--migrate", MIGRATE)
    assert said.code == 0, said.err
    assert writes(server) == ["RegisterTaskDefinition", "RunTask", "UpdateService", "PutTargets"]
    migrated = [task.definition.arn for task in world.ecs.tasks.played.values() if not task.is_of_a_service]
    assert [arn.rpartition("/")[2] for arn in migrated] == ["web:2"]


def test_nothing_is_deployed_and_no_rule_is_written_where_the_migration_fails(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, server: EcsServer, account: Account, clock: Clock
) -> None:
    server.clear()
    said = esprestack("apply", "--migrate", FAILING)
    assert said.code == 1
    assert writes(server) == ["RegisterTaskDefinition", "RunTask"]
    assert (world.running, starts(account)) == ("web:1", "web:1")
    assert "nothing was deployed: the migration with web:2 didn't exit with 0" in said.err


@pytest.mark.parametrize(
    ("migrate", "said"),
    [
        ("{", "--migrate is no JSON"),
        ("[]", "--migrate: the overrides are no JSON object"),
        ('{"wep": {}}', "no config has a service `wep` (did you mean `web`?)"),
        ('{"web": []}', "--migrate, `web`: the overrides are no JSON object"),
        ('{"containerOverrides": [{"name": "ap"}]}', "has no container `ap` (did you mean `app`?)"),
    ],
)
def test_a_migration_that_cannot_be_run_changes_nothing(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer, clock: Clock, migrate: str, said: str
) -> None:
    server.clear()
    heard = esprestack("apply", "--migrate", migrate)
    assert (heard.code, writes(server)) == (1, [])
    assert said in heard.err


# -- rules that follow -------------------------------------------------------------------------------------------


def test_a_plan_says_which_rule_follows_which_service(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer
) -> None:
    server.clear()
    said = esprestack("diff")
    assert said.code == 0
    assert "note: follows the service `web`: the task definition is web:(new)\n" in said.out
    assert "    +  taskDefinition: web:(new)\n" in said.out
    assert writes(server) == []
    shown = esprestack("diff", "--format", "markdown").out
    assert "| `taskDefinition`<br>follows the service `web`: the task definition is web:" in shown


def test_a_rule_whose_file_is_behind_is_not_taken_back(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, account: Account, server: EcsServer, clock: Clock
) -> None:
    esprestack("apply")
    folder.config(a_pinned(scheduleExpression="rate(2 days)"))
    for selected in ([], ["--rule", "nightly"]):
        server.clear()
        said = esprestack("diff", *selected)
        assert "~ update nightly: scheduleExpression\n" in said.out
    esprestack("apply", "--rule", "nightly")
    assert starts(account) == "web:2"


def test_a_rule_can_keep_its_revision(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, account: Account, clock: Clock
) -> None:
    folder.config(a_pinned(keepRevision=True))
    assert esprestack("apply").code == 0
    assert starts(account) == "web:1"
    assert esprestack("diff", "--exit-code").code == 0


def test_a_rule_of_another_family_and_one_without_a_revision_follow_nobody(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, folder: Folder, account: Account, clock: Clock
) -> None:
    world.registers("job:1", family="job")
    folder.config(a_pinned("plain", "web"), a_pinned("other", "job:1"))
    assert esprestack("apply").code == 0
    assert (starts(account, "plain"), starts(account, "other")) == ("web", "job:1")


@pytest.mark.parametrize("revision", ["web:1", "web"])
def test_a_rule_that_overrides_a_container_which_goes_is_a_conflict(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, folder: Folder, server: EcsServer, account: Account,
    revision: str,
) -> None:  # fmt: skip
    pinned.definition = a_definition(containerDefinitions=[a_container("app2", image="app:2")])
    folder.config(a_pinned(revision=revision, containerOverrides=[{"name": "app", "command": ["true"]}]))
    server.clear()
    said = esprestack("apply")
    assert (said.code, writes(server)) == (1, [])
    assert (
        "error: ecschedule.yaml:12:3: conflict: the rule `nightly` may not be touched: "
        "it overrides `app`, which web:(new) doesn't have any more "
        "(mend `containerOverrides`, or the task definition of the service `web`)\n"
    ) in said.err
    assert "! conflict nightly" in esprestack("diff").out


def test_a_conflict_is_one_also_where_the_rule_itself_does_not_change(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, server: EcsServer, clock: Clock
) -> None:
    rule = a_pinned(revision="web", containerOverrides=[{"name": "app", "command": ["true"]}])
    folder.config(rule)
    assert esprestack("apply").code == 0
    pinned.definition = a_definition(containerDefinitions=[a_container("app2", image="app:2")])
    server.clear()
    said = esprestack("apply")
    assert (said.code, writes(server)) == (1, [])
    assert "it overrides `app`, which web:(new) doesn't have any more" in said.err


def test_an_override_is_checked_against_the_definition_that_the_deploy_brings(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, account: Account, clock: Clock
) -> None:
    pinned.definition = a_definition(containerDefinitions=[a_container(image="app:2"), a_container("extra")])
    folder.config(a_pinned(containerOverrides=[{"name": "extra", "command": ["true"]}]))
    assert esprestack("apply").code == 0
    assert starts(account) == "web:2"


def test_the_plan_that_was_reviewed_is_the_same_one_whatever_number_the_revision_gets(
    esprestack: Esprestack, pinned: ServiceFiles, world: World, folder: Folder, account: Account, clock: Clock
) -> None:
    plan = esprestack("diff", "--out", "plan.json")
    found = json.loads((folder.path / "plan.json").read_text())["hash"]
    assert plan.code == 0
    world.registers("somebody:else")
    said = esprestack("apply", "--plan-hash", found)
    assert said.code == 0, said.err
    assert starts(account) == "web:3"


def test_an_apply_that_was_cut_off_after_the_deploy_goes_on_with_the_reviewed_plan(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer, account: Account, clock: Clock
) -> None:
    esprestack("diff", "--out", "plan.json")
    server.fail("PutTargets", "AccessDeniedException", times=1)
    first = esprestack("apply", "--plan", "plan.json")
    assert (first.code, starts(account)) == (1, "web:1")
    server.clear()
    again = esprestack("apply", "--plan", "plan.json")
    assert (again.code, writes(server), starts(account)) == (0, ["PutTargets"], "web:2")


def test_a_rule_that_somebody_changes_during_the_deploy_stays_as_it_is(
    esprestack: Esprestack, pinned: ServiceFiles, account: Account, server: EcsServer, clock: Clock
) -> None:
    clock.acts[1] = lambda: has_pinned(account, Input=json.dumps({"cpu": "1"}))
    said = esprestack("apply")
    assert said.code == 1
    assert "the plan has changed meanwhile: `nightly` differs from the plan in taskOverride" in said.err
    assert starts(account) == "web:1"


def test_the_mistakes_of_both_kinds_are_told_at_once(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder
) -> None:
    folder.config(a_pinned(scheduleExpression="rate(1 days)"))
    pinned.service = {"desiredCount": 2, "lauchType": "EC2"}
    said = esprestack("validate")
    assert said.code == 1
    assert "[schedule-expression]" in said.err
    assert "`lauchType` is not a member" in said.err


# -- several services --------------------------------------------------------------------------------------------


def second_service(folder: Folder, image: str) -> None:
    folder.write(json.dumps(a_definition(image, family="api")), "api/task.json")
    folder.write(json.dumps(a_service()), "api/service.json")
    lines = {
        "region": "eu-central-1", "cluster": "jobs", "service": "api",
        "service_definition": "service.json", "task_definition": "task.json",
    }  # fmt: skip
    folder.write(yaml.safe_dump(lines), "api/ecspresso.yml")


BOTH = ("--config", "ecspresso.yml", "--config", "api/ecspresso.yml", "--config", "ecschedule.yaml")


def test_services_are_deployed_one_after_another(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, server: EcsServer, clock: Clock
) -> None:
    second_service(folder, "api:1")
    server.clear()
    said = esprestack("apply", *BOTH)
    assert said.code == 0, said.err
    assert writes(server) == [
        "RegisterTaskDefinition", "UpdateService", "RegisterTaskDefinition", "CreateService", "PutTargets",
    ]  # fmt: skip


def test_one_service_that_fails_leaves_the_others_and_all_rules_alone(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, server: EcsServer, clock: Clock
) -> None:
    second_service(folder, "api:1")
    pinned.definition = "app:bad2"
    server.clear()
    said = esprestack("apply", *BOTH)
    assert (said.code, writes(server)) == (1, ["RegisterTaskDefinition", "UpdateService"])
    assert said.out.endswith("Applied: 1 failed, 3 not tried\n")


def test_a_migration_has_to_name_its_service_where_there_are_several(
    esprestack: Esprestack, pinned: ServiceFiles, folder: Folder, server: EcsServer, clock: Clock
) -> None:
    second_service(folder, "api:1")
    server.clear()
    said = esprestack("apply", *BOTH, "--migrate", MIGRATE)
    assert (said.code, writes(server)) == (1, [])
    assert "--migrate: of which service is the task? There are `web`, `api`" in said.err
    assert esprestack("apply", *BOTH, "--migrate", json.dumps({"web": json.loads(MIGRATE)})).code == 0


# -- signals -----------------------------------------------------------------------------------------------------


def test_a_signal_ends_the_wait_and_leaves_the_rules_alone(
    esprestack: Esprestack, pinned: ServiceFiles, server: EcsServer, account: Account, clock: Clock,
    signals: dict[int, Any],
) -> None:  # fmt: skip
    clock.acts[1] = lambda: signals[15](15, None)
    said = esprestack("apply")
    assert said.code == 143
    assert starts(account) == "web:1"
    assert "web:2 isn't waited for any more" in said.err
    assert "it goes on; wait for it with `esprestack wait --deployment arn:aws:ecs:" in said.err
