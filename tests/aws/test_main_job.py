"""The main job from end to end: diff, apply, diff again; what each says, and what then stands in AWS."""

from pathlib import Path

import pytest
from tests.aws.account import CLUSTER, REGION, TRACKING_TAG, Account, a_target, arn, request, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)
ROOT = Path(__file__).parents[2]


def settled(esprestack: Esprestack, front: AwsFront) -> None:
    """AWS is what the config says: a diff is empty, and an apply writes nothing."""
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out
    assert "No changes: AWS is what the config says" in diff.out
    front.clear()
    apply = esprestack("apply")
    assert (apply.code, written(front)) == (0, [])
    assert "Nothing to apply: AWS is what the config says" in apply.out


@pytest.mark.of_rules
def test_a_rule_that_is_not_there_is_created(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly", scheduleExpression="cron(0 3 * * ? *)"))
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (2, "")
    assert "+ create nightly\n" in diff.out
    assert diff.out.endswith("\n1 to create\n")
    assert front.writes() == []

    apply = esprestack("apply")
    assert (apply.code, apply.err.splitlines()[0]) == (0, "done: create nightly")
    assert apply.out.endswith("\nApplied: 1 done\n")
    assert request(front, "PutRule") == {
        "Name": "nightly",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "State": "ENABLED",
        "RoleArn": arn("iam", "role/ecsEventsRole"),
        "Tags": [{"Key": TRACKING_TAG, "Value": CLUSTER}],
    }
    assert request(front, "PutTargets") == {"Rule": "nightly", "Targets": [a_target("nightly")]}
    assert written(front) == ["PutRule", "PutTargets"]
    settled(esprestack, front)


def test_a_rule_that_differs_is_updated(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", ScheduleExpression="rate(2 days)", Description="Old")
    folder.config(a_rule("nightly", taskCount=2))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "~ update nightly: scheduleExpression, taskCount, description\n" in diff.out
    assert "    -  description: Old\n    -  scheduleExpression: rate(2 days)\n" in diff.out
    assert "    +  taskCount: 2\n" in diff.out
    assert diff.out.endswith("\n1 to update\n")

    assert esprestack("apply").code == 0
    assert account.rule("nightly").get("Description", "") == ""
    assert account.target("nightly")["EcsParameters"]["TaskCount"] == 2
    settled(esprestack, front)


@pytest.mark.of_rules
@pytest.mark.parametrize(
    ("keys", "operations"),
    [
        pytest.param({"description": "New"}, ["PutRule"], id="a change of the rule leaves the target alone"),
        pytest.param({"taskCount": 2}, ["PutTargets"], id="a change of the target leaves the rule alone"),
        pytest.param({"role": "other"}, ["PutTargets", "PutRule"], id="the role stands on both"),
        pytest.param({"ruleTags": {"team": "red"}}, ["TagResource"], id="a new tag is one call"),
    ],
)
def test_an_update_writes_only_what_differs(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    keys: dict[str, object],
    operations: list[str],
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly", **keys))
    assert esprestack("apply").code == 0
    assert written(front) == operations
    settled(esprestack, front)


@pytest.mark.of_rules
def test_a_rule_that_lost_its_target_gets_it_back(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", targets=[])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "~ update nightly (it has lost its target)" in diff.out

    assert esprestack("apply").code == 0
    assert account.target("nightly") == a_target("nightly")
    settled(esprestack, front)


def test_what_the_config_does_not_set_is_shown_before_it_is_removed(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    by_hand = a_target(
        "nightly",
        EcsParameters={"EnableExecuteCommand": True, "ReferenceId": "by hand"},
        RetryPolicy={"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60},
    )
    account.has_rule("nightly", targets=[by_hand])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    for line in ("enableExecuteCommand: true", "referenceId: by hand", "  maximumRetryAttempts: 1"):
        assert f"    -  {line}\n" in diff.out
    assert esprestack("apply").code == 0
    assert account.target("nightly") == a_target("nightly")


@pytest.mark.of_rules
def test_each_rule_has_its_own_action(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("same")
    account.has_rule("other", ScheduleExpression="rate(2 days)")
    account.has_rule("moved", targets=[a_target("elsewhere")])
    account.has_rule("found", tracked_by=None)
    account.has_rule("gone")
    folder.config(*map(a_rule, ("same", "other", "moved", "found", "new")))
    diff = esprestack("diff", "--prune", "--exit-code")
    assert diff.code == 2
    assert diff.out.endswith("1 to create, 1 to update, 1 to replace, 1 to adopt, 1 to delete, 1 unchanged\n")
    assert [line for line in diff.out.splitlines() if line[:2] in ("+ ", "~ ", "± ", "» ", "- ")] == [
        "+ create new",
        "~ update other: scheduleExpression",
        "± replace moved (target `elsewhere` becomes `moved`): targetId",
        "» adopt found (exists already, tracked by nobody)",
        "- delete gone (in no config any more)",
    ]
    assert esprestack("apply", "--prune").code == 0
    assert account.names() == ["found", "moved", "new", "other", "same"]
    settled(esprestack, front)


def test_a_diff_without_exit_code_ends_with_0(esprestack: Esprestack, folder: Folder) -> None:
    folder.config()
    assert esprestack("diff").code == 0


@pytest.mark.parametrize("command", [("diff",), ("apply", "--dry-run"), ("drift",), ("validate",), ("render",)])
def test_only_an_apply_writes(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, command: tuple[str, ...]
) -> None:
    account.has_rule("changed", ScheduleExpression="rate(2 days)")
    account.has_rule("found", tracked_by=None)
    account.has_rule("orphan")
    folder.config(*map(a_rule, ("changed", "found", "new")))
    esprestack(*command, *(["--prune"] if command[0] in ("diff", "apply") else []))
    assert front.writes() == []


def test_rule_selects_rules_by_name(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(*map(a_rule, ("one", "two", "three")))
    assert esprestack("apply", "--rule", "one", "--rule", "three").code == 0
    assert account.names() == ["one", "three"]


def test_several_configs_are_one_run(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(a_rule("one"), name="a.yaml")
    folder.config(a_rule("two"), cluster="other", name="b.yaml")
    assert esprestack("apply", "-c", "*.yaml").code == 0
    assert account.target("two") == a_target("two", cluster="other")
    assert account.tags("two") == {TRACKING_TAG: "other"}
    diff = esprestack("diff", "-c", "a.yaml", "-c", "b.yaml", "--exit-code")
    assert (diff.code, diff.out.splitlines()[-1]) == (0, "No changes: AWS is what the config says (2 unchanged)")


def test_one_rule_in_two_configs_is_an_error(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    folder.config(a_rule("same"), name="a.yaml")
    folder.config(a_rule("same"), cluster="other", name="b.yaml")
    said = esprestack("apply", "-c", "a.yaml", "-c", "b.yaml")
    assert said.code == 1
    assert "b.yaml:4:9: the rule `same` stands in two configs of one region, first at a.yaml:4:9" in said.err
    assert front.writes() == []


@pytest.mark.of_rules
def test_drift_ends_with_2_where_aws_differs(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config()
    esprestack("apply")
    assert esprestack("drift").code == 0
    account.events.disable_rule(Name="nightly")
    drift = esprestack("drift")
    assert drift.code == 2
    assert "~ update nightly: disabled\n" in drift.out


def test_drift_ends_with_2_for_an_orphan(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config()
    esprestack("apply")
    account.has_rule("orphan")
    drift = esprestack("drift")
    assert drift.code == 2
    assert "? orphan orphan (in no config any more)\n" in drift.out


@pytest.mark.of_rules
def test_drift_names_other_peoples_rules_on_the_cluster_and_is_no_drift_for_them(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config()
    esprestack("apply")
    account.has_rule("console", tracked_by=None)
    account.has_rule("theirs", tracked_by="another-team")
    account.has_rule("elsewhere", tracked_by=None, targets=[a_target("elsewhere", cluster="another")])
    drift = esprestack("drift")
    assert drift.code == 0
    assert "note: `console` starts tasks on this cluster and is in no config (tracked by nobody)\n" in drift.out
    assert "note: `theirs` starts tasks on this cluster and is in no config (tracked by `another-team`)" in drift.out
    assert "elsewhere" not in drift.out


def test_drift_calls_no_rule_unconfigured_that_stands_in_another_config_of_the_run(
    esprestack: Esprestack, folder: Folder
) -> None:
    folder.config(a_rule("one"), trackingId="team-a", name="a.yaml")
    folder.config(a_rule("two"), trackingId="team-b", name="b.yaml")
    assert esprestack("apply", "-c", "*.yaml").code == 0
    drift = esprestack("drift", "-c", "*.yaml")
    assert drift.code == 0
    assert "is in no config" not in drift.out


@pytest.mark.parametrize("cluster", [CLUSTER, arn("ecs", f"cluster/{CLUSTER}")])
@pytest.mark.parametrize("tracking_id", [None, "batch-team"])
def test_rules_are_tracked_by_the_tracking_id_or_the_clusters_name(
    esprestack: Esprestack, folder: Folder, account: Account, cluster: str, tracking_id: str | None
) -> None:
    folder.config(cluster=cluster, trackingId=tracking_id)
    assert esprestack("apply").code == 0
    assert account.tags("nightly") == {TRACKING_TAG: tracking_id or CLUSTER}


# -- the example -----------------------------------------------------------------------------------------------


def test_the_example_lives_a_whole_life_in_either_home(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    environment: pytest.MonkeyPatch,
    home: Home,
) -> None:
    """Made, at rest, found again by dump, changed by hand and seen, put right, emptied, pruned."""
    environment.setenv(
        "ESPRESTACK_SECRETS", '{"MARKETPLACE_TOKEN": "a-token-of-ours", "REPORT_DB_PASSWORD": "hunter2hunter2"}'
    )
    text = (ROOT / "examples" / "demo" / "ecschedule.yaml").read_text().replace("ap-northeast-1", REGION)
    for family in ("inventory", "orders", "reports", "invoices", "session-store", "warehouse", "mailer", "search"):
        account.has_fargate_definition(family)
    folder.write(text.replace("cluster: batch", f"cluster: {CLUSTER}"))
    anyhow = [part for code in ("no-task-definition", "fargate-size") for part in ("--allow", code)]
    applied = esprestack("apply", *anyhow)
    assert applied.code == 0, applied.err
    names = account.names()
    assert len(names) >= 8
    assert esprestack("diff", "--exit-code", *anyhow).code == 0
    dumped = esprestack("dump", "--cluster", CLUSTER, "--region", REGION)
    assert dumped.code == 0
    assert "hunter2" not in dumped.out
    account.remove(names[0])
    assert esprestack("drift").code == 2
    assert esprestack("apply", *anyhow).code == 0
    assert account.names() == names
    folder.config(a_rule(names[0]))
    assert esprestack("apply", "--prune", "--max-deletes", "99", *anyhow).code == 0
    assert account.names() == [names[0]]
