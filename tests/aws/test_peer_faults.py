"""The faults of ecschedule, reproduced with its version 0.20.0: for each of them what happens here instead, end to end.

https://github.com/Songmu/ecschedule
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.aws.account import CLUSTER, CLUSTER_ARN, REGION, TRACKING_TAG, Account, a_target, arn, written
from tests.aws.configs import Folder, a_rule, everything
from tests.aws.conftest import Esprestack, anyhow
from tests.support.aws_front import AwsFront

A_QUEUE = {"Id": "copy", "Arn": arn("sqs", "copies")}


@pytest.fixture
def esprestack(esprestack: Esprestack) -> Esprestack:
    """Without findings in its way: the rules of these tests have every key, whether or not they go together."""
    return anyhow(esprestack)


def at_rest(esprestack: Esprestack, front: AwsFront) -> None:
    """A diff is empty, and an apply writes nothing."""
    front.clear()
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out
    assert (esprestack("apply").code, written(front)) == (0, [])


# -- 1. `apply -rule j1 -prune` deletes every other rule -------------------------------------------------------


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_rule_with_prune_deletes_nothing_else_it_is_an_error(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, command: str
) -> None:
    account.has_rule("other")
    folder.config(a_rule("nightly"), a_rule("other"))
    said = esprestack(command, "--rule", "nightly", "--prune")
    assert (said.code, said.out) == (1, "")
    assert said.err == "error: --rule and --prune don't go together (prune with all rules selected)\n"
    assert front.calls == []


# -- 2. another target id starts the task twice ----------------------------------------------------------------


@pytest.mark.parametrize(
    "expression", ["rate(1 minute)", "cron(0 3 1 1 ? 2190)"], ids=["every minute", "with time between two runs"]
)
def test_a_changed_target_id_never_starts_the_task_twice(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, expression: str
) -> None:
    """At no call of the apply are there two targets: there is no minute in which both could run."""
    rule = a_rule("nightly", scheduleExpression=expression)
    account.has_rule("nightly", ScheduleExpression=expression, targets=[a_target("one")])
    seen: list[list[str]] = []

    def look(_: Mapping[str, Any]) -> bool:
        seen.append([target["Id"] for target in account.targets("nightly")])
        return False

    for operation in ("PutRule", "PutTargets", "RemoveTargets", "TagResource", "ListRules", "ListTargetsByRule"):
        front.fail(operation, "NeverAnswered", where=look)
    folder.config({**rule, "targetId": "two"})
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "± replace nightly (target `one` becomes `two`): targetId\n" in diff.out
    assert esprestack("apply").code == 0
    folder.config(rule)
    assert esprestack("apply").code == 0
    assert [] in seen, "the old one goes first"
    assert [ids for ids in seen if len(ids) > 1] == []
    assert account.targets("nightly") == [a_target("nightly")]
    at_rest(esprestack, front)


def test_a_rule_whose_target_has_another_id_is_adopted_with_one_target(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    """EventBridge's console makes ids of its own, such as Id1234."""
    account.has_rule("nightly", tracked_by=None, targets=[a_target("Id1234")])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "» adopt nightly (exists already, tracked by nobody): targetId\n" in diff.out
    assert esprestack("apply").code == 0
    assert account.targets("nightly") == [a_target("nightly")]
    at_rest(esprestack, front)


def test_a_rule_with_two_tasks_is_still_seen(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    """What the fault left behind: to ecschedule such a rule isn't there any more."""
    account.has_rule("nightly", targets=[a_target("one"), a_target("two")])
    folder.config(a_rule("nightly", targetId="two"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    assert f"note: `nightly` has more targets, which are left as they are: target `one` ({CLUSTER_ARN})\n" in diff.out
    dump = esprestack("dump", "--cluster", CLUSTER, "--region", REGION)
    assert "name: nightly\n" in dump.out
    assert "`nightly` has more targets, which a config can't say" in dump.err


# -- 3. differences that never end -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"taskCount": 1}, id="taskCount: 1"),
        pytest.param({"targetId": "nightly"}, id="the targetId is the name"),
        pytest.param({"role": arn("iam", "role/ecsEventsRole")}, id="the role by ARN"),
        pytest.param({"taskDefinition": arn("ecs", "task-definition/app")}, id="the task definition by ARN"),
        pytest.param({"dead_letter_config": {"sqs": "dead"}}, id="the queue by name"),
    ],
)
def test_what_is_written_out_is_no_difference_for_ever(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, keys: dict[str, Any]
) -> None:
    account.has_rule("nightly", targets=[a_target("nightly", DeadLetterConfig={"Arn": arn("sqs", "dead")})])
    folder.config(a_rule("nightly", **{"dead_letter_config": {"sqs": arn("sqs", "dead")}, **keys}))
    at_rest(esprestack, front)


# -- 4. an apply that shows "command changed" takes everything else away ---------------------------------------

LEFT_OUT_BY_ECSCHEDULE = {
    "enableExecuteCommand": "enableExecuteCommand",
    "enableECSManagedTags": "enableECSManagedTags",
    "placementConstraints": "placementConstraints[0].type",
    "placementStrategy": "placementStrategy[0].type",
    "referenceId": "referenceId",
    "tags": "tags.team",
    "retryPolicy": "retryPolicy.maximumRetryAttempts",
    "ruleRole": "ruleRole",
    "taskOverride.taskRole": "taskOverride.taskRole",
    "taskOverride.executionRole": "taskOverride.executionRole",
    "taskOverride.ephemeralStorage": "taskOverride.ephemeralStorage.sizeInGiB",
    "containerOverrides.environmentFiles": "containerOverrides[app].environmentFiles[0].value",
    "containerOverrides.resourceRequirements": "containerOverrides[app].resourceRequirements[0].value",
}
"""Keys of a config that ecschedule has no word for, and the field that a diff shows for each."""


def a_live_rule_with_everything(esprestack: Esprestack, folder: Folder) -> dict[str, Any]:
    """Every key of a config stands in AWS; and the entry of the config that says so, with another command."""
    folder.config(everything("nightly"))
    assert esprestack("apply").code == 0
    entry = copy.deepcopy(everything("nightly"))
    entry["containerOverrides"][0]["command"] = ["bin/report", "--some"]
    return entry


def test_a_change_of_the_command_keeps_all_that_the_config_says(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    entry = a_live_rule_with_everything(esprestack, folder)
    account.events.put_targets(Rule="nightly", Targets=[A_QUEUE])
    rule, tags = without_metadata(account.rule("nightly")), account.tags("nightly")
    (before,) = (target for target in account.targets("nightly") if target != A_QUEUE)
    folder.config(entry)
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "~ update nightly: containerOverrides[app].command\n" in diff.out
    front.clear()
    assert esprestack("apply").code == 0
    assert written(front) == ["PutTargets"]

    (after,) = (target for target in account.targets("nightly") if target != A_QUEUE)
    override = json.loads(before["Input"])
    override["containerOverrides"][0]["command"] = ["bin/report", "--some"]
    assert json.loads(after["Input"]) == override
    assert {**after, "Input": ""} == {**before, "Input": ""}
    assert A_QUEUE in account.targets("nightly")
    assert (without_metadata(account.rule("nightly")), account.tags("nightly")) == (rule, tags)


def without_metadata(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_a_change_of_the_command_names_all_that_the_config_does_not_say(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    entry = a_live_rule_with_everything(esprestack, folder)
    for key in LEFT_OUT_BY_ECSCHEDULE:
        *outer, last = key.split(".")
        part = entry[outer[0]] if outer else entry
        del (part[0] if isinstance(part, list) else part)[last]
    folder.config(entry)
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    (line,) = (line for line in diff.out.splitlines() if line.startswith("~ update nightly: "))
    assert {"containerOverrides[app].command", *LEFT_OUT_BY_ECSCHEDULE.values()} <= set(line[18:].split(", "))
    for removed in ("enableExecuteCommand: true", "referenceId: ref-1", "  taskRole: worker", "  team: red"):
        assert f"    -  {removed}\n" in diff.out
    assert esprestack("apply").code == 0
    assert esprestack("diff", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("rule", "target", "said"),
    [
        pytest.param({"EventPattern": '{"source": ["app"]}'}, {}, "its event pattern", id="EventPattern"),
        pytest.param(
            {},
            {"InputTransformer": {"InputPathsMap": {"time": "$.time"}, "InputTemplate": '{"time": <time>}'}},
            "its target's InputTransformer",
            id="InputTransformer",
        ),
        pytest.param({}, {"InputPath": "$.detail"}, "its target's InputPath", id="InputPath"),
        pytest.param(
            {},
            {"Input": '{"inferenceAcceleratorOverrides": [{"deviceName": "x", "deviceType": "y"}]}'},
            "its target's override of inferenceAcceleratorOverrides",
            id="inferenceAcceleratorOverrides",
        ),
    ],
)
def test_a_change_does_not_take_away_what_no_config_can_say(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    rule: dict[str, Any],
    target: dict[str, Any],
    said: str,
) -> None:
    account.has_rule("nightly", targets=[a_target("nightly", **target)], **rule)
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    assert f"note: `nightly` has what a config can't say and is left as it is: {said}\n" in diff.out

    folder.config(a_rule("nightly", containerOverrides=[{"name": "app", "command": ["new"]}]))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 1
    assert f"! conflict nightly (a write would lose {said})" in diff.out
    for options in ((), ("--take-over",)):
        assert esprestack("apply", *options).code == 1
    assert front.writes() == []


def test_tags_that_others_put_on_a_rule_stay_there(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tags={"team": "red"})
    folder.config(a_rule("nightly"))
    at_rest(esprestack, front)
    folder.config(a_rule("nightly", description="New", targetId="new"))
    assert esprestack("apply").code == 0
    assert account.tags("nightly") == {TRACKING_TAG: CLUSTER, "team": "red"}


def test_a_rule_of_the_same_name_on_another_event_bus_is_another_rule(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.events.create_event_bus(Name="own")
    for name in ("nightly", "gone"):
        account.events.put_rule(
            Name=name,
            EventBusName="own",
            EventPattern='{"source": ["app"]}',
            Tags=[{"Key": TRACKING_TAG, "Value": CLUSTER}],
        )
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--prune", "--exit-code")
    assert (diff.code, diff.out.splitlines()[-1]) == (2, "1 to create")
    assert esprestack("apply", "--prune").code == 0
    on_bus = account.events.list_rules(EventBusName="own")["Rules"]
    assert {rule["Name"]: "EventPattern" in rule for rule in on_bus} == {"gone": True, "nightly": True}
    assert account.names() == ["nightly"]
    at_rest(esprestack, front)


# -- 5. prune crashes on a rule that hasn't one target ---------------------------------------------------------


def test_prune_goes_on_past_rules_with_several_targets_with_none_and_half_deleted(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("a-several", targets=[a_target("one"), a_target("two")])
    account.has_rule("b-none", targets=[])
    account.has_rule("c-half")
    account.has_rule("d-healthy")
    for name in ("kept-1", "kept-2", "kept-3"):
        account.has_rule(name)
    folder.config(*map(a_rule, ("kept-1", "kept-2", "kept-3")))
    front.fail("DeleteRule", "ValidationException", where=lambda asked: asked["Name"] == "c-half")
    first = esprestack("apply", "--prune")
    assert first.code == 1
    assert first.out.endswith("\nApplied: 2 done, 1 failed\n")
    assert "delete of `c-half` failed: " in first.err
    assert account.targets("c-half") == []
    assert account.names() == ["a-several", "c-half", "kept-1", "kept-2", "kept-3"]

    second = esprestack("apply", "--prune")
    assert (second.code, second.out.splitlines()[-1]) == (0, "Applied: 1 done"), second.err
    assert account.names() == ["a-several", "kept-1", "kept-2", "kept-3"]
    diff = esprestack("diff", "--prune", "--exit-code")
    assert diff.code == 0
    assert f"? orphan a-several (kept, a delete would lose target `two` ({CLUSTER_ARN}))\n" in diff.out


# -- 6. a cluster that is an ARN always shows as new -----------------------------------------------------------


def test_the_clusters_arn_makes_no_rule_new(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(cluster=CLUSTER)
    assert esprestack("apply").code == 0
    folder.config(cluster=CLUSTER_ARN)
    at_rest(esprestack, front)


# -- 7. expressions that AWS refuses pass the check ------------------------------------------------------------


def test_expressions_that_aws_refuses_are_found_before_anything_is_written(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    expressions = ("rate(1 days)", "rate(foo bars)", "cron(0 0 ? * 3#1,6#3 *)", "cron(0 0 ? * 2#6 *)")
    folder.config(*(a_rule(f"rule-{at}", scheduleExpression=text) for at, text in enumerate(expressions)))
    said = esprestack("validate", "--offline")
    assert said.code == 1
    for at, text in enumerate(expressions):
        assert f"ecschedule.yaml:{5 + 3 * at}:" in said.err + said.out, text
    assert front.calls == []


# -- from its code ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["PutTargets", "RemoveTargets"])
def test_an_entry_that_aws_refused_is_not_called_applied(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, operation: str
) -> None:
    """PutTargets and RemoveTargets answer 200, and say in the answer what failed."""
    account.has_rule("gone")
    folder.config(a_rule("nightly"))
    front.fail_entries(operation, "ManagedRuleException", "Not yours.", times=None)
    said = esprestack("apply", "--prune")
    assert said.code == 1
    assert f"events:{operation} of `" in said.err
    assert "ManagedRuleException: Not yours." in said.err
    assert "1 failed" in said.out
    assert "gone" in account.names()
    diff = esprestack("diff", "--prune", "--exit-code")
    assert diff.code == 2, "what failed is still to be done"


def test_a_live_target_without_role_is_no_crash(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    target = {key: value for key, value in a_target("nightly").items() if key != "RoleArn"}
    account.has_rule("nightly", targets=[target])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (2, "")
    assert "~ update nightly: role" in diff.out
    assert esprestack("apply").code == 0
    assert account.target("nightly") == a_target("nightly")
    at_rest(esprestack, front)


def test_orphans_are_looked_for_in_the_configs_region(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_REGION", "us-east-1")
    account.has_rule("gone")
    account.has_rule("nightly")
    folder.config(a_rule("nightly"), region=REGION)
    assert esprestack("apply", "--prune").code == 0
    assert account.names() == ["nightly"]
