"""The mapping loses nothing: what AWS has of a rule comes back with the next write, or is named before anything is
written, and then nothing is. botocore's description of the services makes the answers, with any member in it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.unit.backends.answers import LATER, answers, meaning, overrides, shape
from tests.unit.builders import SCOPE, desired
from tests.unit.strategies import QUICK, rules, texts

from esprestack.backends.base import Live
from esprestack.backends.members import OVERRIDE, RULE, TARGET, Form
from esprestack.backends.rules_mapping import live_rule, pairs, put_rule, put_target, tag_list
from esprestack.plan.compare import Veil
from esprestack.plan.make import PlanOptions, make_plan
from esprestack.plan.model import Action, Change, Plan
from esprestack.reports.markdown import plan_markdown
from esprestack.reports.text import plan_text
from esprestack.rule import LiveRule, Rule, Target
from esprestack.secrets import Vault

FOREIGN = frozenset(
    {
        "Rule.EventPattern", "Rule.ManagedBy",
        "Target.InputPath", "Target.InputTransformer",
        "Target.KinesisParameters", "Target.RunCommandParameters", "Target.BatchParameters", "Target.SqsParameters",
        "Target.HttpParameters", "Target.RedshiftDataParameters", "Target.SageMakerPipelineParameters",
        "Target.AppSyncParameters",
        "TaskOverride.inferenceAcceleratorOverrides", "ResourceRequirement.sharingStrategy",
    }
)  # fmt: skip
"""What AWS has and no config can say, by name: a rule with one of these is left as it is."""

A_RULE = {"Name": "report", "ScheduleExpression": "rate(1 day)", "State": "ENABLED", "EventBusName": "default"}
A_TARGET = {
    "Id": "main",
    "Arn": SCOPE.cluster_arn,
    "EcsParameters": {"TaskDefinitionArn": SCOPE.arn("ecs", "task-definition/app"), "TaskCount": 1},
}
ELSEWHERE = {**A_TARGET, "Arn": SCOPE.arn("ecs", "cluster/another")}
A_QUEUE = {"Id": "queue", "Arn": SCOPE.arn("sqs", "copies")}

any_target = answers(shape("events", "Target"))
any_rule = answers(shape("events", "Rule")).map(lambda rule: {"Name": "report", **rule})
sayable_target = answers(shape("events", "Target"), without=FOREIGN, odd=False)
"""Targets that a config can say, as anybody may have written them."""


def own(targets: SearchStrategy[dict[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    """Only those that are a task on this cluster."""
    return targets.filter(lambda target: "EcsParameters" in target)


def read(target: Mapping[str, Any], rule: Mapping[str, Any] = A_RULE) -> LiveRule:
    return live_rule(rule, [target], SCOPE)


def written(live: LiveRule) -> dict[str, Any]:
    """The target as an apply that changes nothing of it would put it."""
    assert live.rule.target
    return put_target(live.rule.target, SCOPE)


# -- a config's rule -------------------------------------------------------------------------------------------


@settings(QUICK, max_examples=25)
@given(rules())
def test_what_is_written_is_read_as_the_same_rule(rule: Rule) -> None:
    assert rule.target
    target = put_target(rule.target, SCOPE)
    live = read(target, {**put_rule(rule, SCOPE), "Arn": "x", "EventBusName": "default"})
    assert live == LiveRule(replace(rule, rule_tags=None), target_ids=(rule.target.id,))
    assert pairs(tag_list(rule.rule_tags or ())) == (rule.rule_tags or ())


# -- a live rule -----------------------------------------------------------------------------------------------


@QUICK
@given(own(any_target))
def test_every_member_of_a_target_comes_back_or_is_named(target: dict[str, Any]) -> None:
    live = read(target)
    kept_or_named(target, written(live), live.would_lose)


@QUICK
@given(any_rule, st.none() | own(sayable_target))
def test_every_member_of_a_rule_comes_back_or_is_named(rule: dict[str, Any], target: dict[str, Any] | None) -> None:
    live = live_rule(rule, [target] if target else [], SCOPE)
    again = put_rule(live.rule, SCOPE)
    if "RoleArn" not in rule:
        again.pop("RoleArn", None)  # a rule without one gets its target's, as ecschedule has it
    kept_or_named({"EventBusName": "default", **rule, "Arn": ""}, again | {"EventBusName": "default"}, live.would_lose)


@QUICK
@given(own(sayable_target))
def test_what_a_config_can_say_is_named_only_where_it_is_ambiguous(target: dict[str, Any]) -> None:
    for lost in read(target).would_lose:
        assert re.search("twice|without name|path into the event", lost), lost


@pytest.mark.parametrize("foreign", sorted(FOREIGN))
def test_what_no_config_can_say_is_named(foreign: str) -> None:
    """Each one alone, with any value."""
    of, member = foreign.split(".")
    value = {"ManagedBy": "ecs.amazonaws.com"}.get(member, "x")
    rule, target = dict(A_RULE), dict(A_TARGET)
    match of:
        case "Rule":
            rule[member] = value
        case "Target":
            target[member] = value
        case "TaskOverride":
            target["Input"] = json.dumps({member: value})
        case _:
            requirement = {"type": "GPU", "value": "1", member: value}
            container = {"name": "app", "resourceRequirements": [requirement]}
            target["Input"] = json.dumps({"containerOverrides": [container]})
    (named,) = read(target, rule).would_lose
    words = {"EventPattern": "event pattern", "ManagedBy": "managed by ecs.amazonaws.com"}
    assert words.get(member, member) in named


@QUICK
@given(st.lists(own(any_target) | st.sampled_from([ELSEWHERE, A_QUEUE]), max_size=4), st.sampled_from(["", "t1", "t9"]))
def test_of_several_targets_one_is_ours_and_every_other_is_named(given: list[dict[str, Any]], wanted: str) -> None:
    targets = [{**target, "Id": f"t{index}"} for index, target in enumerate(given)]
    live = live_rule(A_RULE, targets, SCOPE, wanted)
    assert live.target_ids == tuple(target["Id"] for target in targets)
    ours = live.rule.target.id if live.rule.target else None
    ids = {target["Id"] for target in targets if target["Arn"] == SCOPE.cluster_arn}
    assert ours == (wanted if wanted in ids else min(ids, default=None))
    assert live.foreign == tuple(
        f"target `{target['Id']}` ({target['Arn']})" for target in targets if target["Id"] != ours
    )
    if targets and ours is None:
        assert live.would_lose == ("its targets, none of which is a task on this cluster",)
    guessed = wanted and wanted not in ids and len(ids) > 1
    assert any(f"none of which is `{wanted}`" in lost for lost in live.would_lose) == bool(guessed)


def kept_or_named(before: Mapping[str, Any], after: Mapping[str, Any], named: Sequence[str]) -> None:
    """Where the two don't mean the same, it is said of that very place."""
    old, new = meaning(before), meaning(after)
    places = [place_of(message) for message in named]
    for place, value in [*(old - new), *(new - old)]:
        member = ".".join(name for name in place if not name.startswith("["))
        assert any(f"{member}.".startswith(f"{known}.") for known in places), f"{member}: {value!r}, named: {named}"


_PLACES = (
    (r"its event pattern", "EventPattern"),
    (r"that it is managed by .*", "ManagedBy"),
    (r"its state\b.*", "State"),
    (r"an environment variable without name or value", "Input.containerOverrides.environment"),
    (r"a container override without name", "Input.containerOverrides.name"),
    (r"its target's (Input|EcsParameters\.TaskDefinitionArn), (?:which|in which|a path) .*", r"\1"),
    (r"its target's override of (.*)", r"Input.\1"),
    (r"its container override's (.*)", r"Input.containerOverrides.\1"),
    (r"its target's (.*)", r"\1"),
    (r"its (.*)", r"\1"),
)


def place_of(message: str) -> str:
    """The member that a message of what would be lost is about."""
    for pattern, place in _PLACES:
        if found := re.fullmatch(pattern, message):
            return found.expand(place)
    return "?"


# -- the plan --------------------------------------------------------------------------------------------------


def a_plan(live: LiveRule, wanted: Rule) -> Plan:
    """The plan of a config that wants `wanted` where `live` is there and tracked by it."""
    found = replace(live, tracking_id=SCOPE.tracking_id, rule=replace(live.rule, rule_tags=()))
    return make_plan(
        "ecschedule.yaml",
        desired(wanted),
        Live(SCOPE, {live.name: found}, frozenset({live.name})),
        PlanOptions(),
        Veil(Vault()),
    )


def the_change(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


@QUICK
@given(own(any_target), own(sayable_target))
def test_a_rule_is_never_written_where_something_would_be_lost(target: dict[str, Any], other: dict[str, Any]) -> None:
    live, wanted = read(target), read(other).rule
    plan = a_plan(live, wanted)
    if live.would_lose and wanted != live.rule:
        change = the_change(plan)
        assert (change.action, plan.changing) == (Action.CONFLICT, [])
        assert all(lost in change.reason for lost in live.would_lose)


@QUICK
@given(own(any_target), own(sayable_target), st.sampled_from([field.name for field in fields(Target)]))
def test_what_a_plan_calls_unchanged_means_the_same_or_is_named(
    target: dict[str, Any], other: dict[str, Any], member: str
) -> None:
    """One member differs at most, so that a difference which a comparison doesn't see would stand alone."""
    live = read(target)
    assert live.rule.target
    taken = getattr(read(other).rule.target, member)
    wanted = replace(live.rule, target=replace(live.rule.target, **{member: taken}))
    plan = a_plan(live, wanted)
    change = the_change(plan)
    assert wanted.target
    if change.action is Action.UNCHANGED:
        notes = " ".join(plan.notes)
        assert all(lost in notes for lost in live.would_lose)
        kept_or_named(target, put_target(wanted.target, SCOPE), live.would_lose or ())
    else:
        assert wanted != live.rule


# -- odd Inputs ------------------------------------------------------------------------------------------------

NO_OVERRIDE = "its target's Input, which is no task override"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("", [], id="an empty text"),
        pytest.param("{}", [], id="an empty object"),
        pytest.param("{", [NO_OVERRIDE], id="no JSON"),
        pytest.param("  ", [NO_OVERRIDE], id="blanks"),
        pytest.param("[1, 2]", [NO_OVERRIDE], id="a list"),
        pytest.param("7", [NO_OVERRIDE], id="a number"),
        pytest.param('"text"', [NO_OVERRIDE], id="a text"),
        pytest.param("null", [NO_OVERRIDE], id="null"),
        pytest.param('{"cpu": NaN}', [NO_OVERRIDE], id="a number that is none"),
        pytest.param('{"cpu": ' + "9" * 8000 + "}", [NO_OVERRIDE], id="a number that is too long"),
        pytest.param("[" * 8192, [NO_OVERRIDE], id="very deep"),
        pytest.param('{"cpu":' * 1000 + "1" + "}" * 1000, [NO_OVERRIDE], id="very deep objects"),
        pytest.param('{"cpu":' + "[" * 90 + "]" * 90 + "}", ["its target's override of cpu"], id="rather deep"),
        pytest.param(
            '{"cpu": "256", "cpu": "512"}', ["its target's Input, in which a member stands twice"], id="a member twice"
        ),
        pytest.param('{"containerOverrides": null, "cpu": null}', [], id="null members"),
        pytest.param('{"containerOverrides": [null]}', ["its target's override of containerOverrides"], id="null"),
        pytest.param('{"containerOverrides": {}}', ["its target's override of containerOverrides"], id="no list"),
        pytest.param('{"containerOverrides": [{}]}', ["a container override without name"], id="no name"),
        pytest.param('{"containerOverrides": [{"cpu": 1}]}', ["a container override without name"], id="no name but"),
        pytest.param('{"taskRoleArn": ["x"]}', ["its target's override of taskRoleArn"], id="a role in a list"),
        pytest.param('{"ephemeralStorage": 30}', ["its target's override of ephemeralStorage"], id="storage"),
        pytest.param(
            '{"ephemeralStorage": {"sizeInGiB": 30, "type": "x"}}',
            ["its target's override of ephemeralStorage.type"],
            id="a member of a member",
        ),
        pytest.param('{"cpu": true}', ["its target's override of cpu"], id="a flag"),
        pytest.param('{"cpu": 0.5}', ["its target's override of cpu"], id="a fraction"),
        pytest.param('{"cpu": "\\ud800"}', ["its target's override of cpu"], id="half a character"),
        pytest.param(
            '{"\\u001b[2J` x": 1}', ["its target's override of '\\x1b[2J` x'"], id="a member with a strange name"
        ),
    ],
)
def test_an_odd_input_is_named(text: str, named: list[str]) -> None:
    live = read({**A_TARGET, "Input": text})
    assert list(live.would_lose) == named
    kept_or_named({**A_TARGET, "Input": text}, written(live), live.would_lose)


@pytest.mark.parametrize(
    ("member", "named"),
    [
        pytest.param({"command": "bin/report --all"}, ["command"], id="a command in one text"),
        pytest.param({"command": ["a", None]}, ["command"], id="null in a command"),
        pytest.param({"command": [["a"]]}, ["command"], id="a list in a command"),
        pytest.param({"command": [True]}, ["command"], id="a flag in a command"),
        pytest.param({"command": None, "environment": None, "cpu": None}, [], id="null members"),
        pytest.param({"environment": {"A": "1"}}, ["environment"], id="an environment that is no list"),
        pytest.param({"environment": ["A=1"]}, ["environment"], id="variables that are texts"),
        pytest.param({"environment": [{"name": "A", "value": "1", "valueFrom": "x"}]}, ["environment.valueFrom"], id="a member of a variable"),
        pytest.param({"environmentFiles": [{"value": "x", "type": "s3", "region": "y"}]}, ["environmentFiles.region"], id="a member of a file"),
        pytest.param({"cpu": "many"}, ["cpu"], id="a text for a number"),
        pytest.param({"memory": 0.5}, ["memory"], id="a fraction"),
        pytest.param({"memoryReservation": [1]}, ["memoryReservation"], id="a list for a number"),
        pytest.param({"resourceRequirements": [{"type": "GPU", "sharingStrategy": {}}]}, ["resourceRequirements.sharingStrategy"], id="how a GPU is shared"),
        pytest.param({"workingDirectory": "/"}, ["workingDirectory"], id="a member that isn't known"),
    ],
)  # fmt: skip
def test_an_odd_container_override_is_named(member: dict[str, Any], named: list[str]) -> None:
    target = {**A_TARGET, "Input": json.dumps({"containerOverrides": [{"name": "app", **member}]})}
    live = read(target)
    assert live.would_lose == tuple(f"its container override's {name}" for name in named)
    kept_or_named(target, written(live), live.would_lose)


@pytest.mark.parametrize("variable", [{"name": "A"}, {"name": "A", "value": None}, {"value": "1"}, {"name": "", "value": "1"}, {}])  # fmt: skip
def test_a_variable_without_name_or_value_is_named(variable: dict[str, Any]) -> None:
    text = json.dumps({"containerOverrides": [{"name": "app", "environment": [variable]}]})
    assert read({**A_TARGET, "Input": text}).would_lose == ("an environment variable without name or value",)


def test_numbers_may_be_texts_and_texts_numbers() -> None:
    container = {"name": "app", "command": ["sleep", 5], "cpu": "256", "environment": [{"name": "A", "value": 1}]}
    text = json.dumps({"cpu": 512, "ephemeralStorage": {"sizeInGiB": "30"}, "containerOverrides": [container]})
    live = read({**A_TARGET, "Input": text})
    assert (live.would_lose, json.loads(written(live)["Input"])) == (
        (),
        {
            "cpu": "512",
            "ephemeralStorage": {"sizeInGiB": 30},
            "containerOverrides": [
                {
                    "name": "app",
                    "command": ["sleep", "5"],
                    "cpu": 256,
                    "environment": [{"name": "A", "value": "1"}],
                }
            ],
        },
    )


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@QUICK
@given(overrides() | texts() | _ANY_JSON.map(json.dumps))
def test_no_input_is_too_odd_to_be_read_shown_and_kept(text: str) -> None:
    target = {**A_TARGET, "Input": text}
    live = read(target)
    kept_or_named(target, written(live), live.would_lose)
    plan = a_plan(live, Rule("report", "rate(2 days)", Target("main", "app")))
    shown = plan_text([plan], False) + plan_markdown([plan], plan.refusals, 60_000, "diff")
    assert shown.encode()


# -- what else is ambiguous ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "named"),
    [
        pytest.param(
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "a task tag that is set twice", id="tag"
        ),
        pytest.param(
            {"CapacityProviderStrategy": [{"capacityProvider": "a"}, {"capacityProvider": "a", "weight": 1}]},
            "a capacity provider that is listed twice",
            id="capacity provider",
        ),
        pytest.param(
            {"TaskDefinitionArn": "$.detail.definition"},
            "its target's EcsParameters.TaskDefinitionArn, a path into the event",
            id="path",
        ),
        pytest.param(
            {"NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["a"], LATER: "x"}}},
            f"its target's EcsParameters.NetworkConfiguration.awsvpcConfiguration.{LATER}",
            id="a member that botocore knows later",
        ),
    ],
)
def test_what_a_config_can_not_say_of_the_task_is_named(members: dict[str, Any], named: str) -> None:
    target = {**A_TARGET, "EcsParameters": {**A_TARGET["EcsParameters"], **members}}  # type: ignore[dict-item]
    assert read(target).would_lose == (named,)


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}, "its state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
        ({"State": None}, "its state, which isn't told"),
        ({"EventBusName": "own"}, "its EventBusName"),
        ({LATER: {"x": 1}}, f"its {LATER}"),
    ],
)  # fmt: skip
def test_what_a_config_can_not_say_of_the_rule_is_named(members: dict[str, Any], named: str) -> None:
    assert read(A_TARGET, A_RULE | members).would_lose == (named,)


def test_the_role_of_a_rule_that_lost_its_target_is_shown_before_another_takes_its_place() -> None:
    role = SCOPE.arn("iam", "role/by-hand")
    live = live_rule({**A_RULE, "RoleArn": role}, [], SCOPE)
    wanted = Rule("report", "rate(1 day)", Target("report", "app"))
    paths = [field.path for field in the_change(a_plan(live, wanted)).fields]
    assert "ruleRole" in paths
    same = replace(wanted, target=Target("report", "app", role="by-hand"))
    assert "ruleRole" not in [field.path for field in the_change(a_plan(live, same)).fields]


# -- a new botocore --------------------------------------------------------------------------------------------


def test_every_member_that_aws_has_is_mapped_or_known_to_be_foreign() -> None:
    """A member that comes with a new botocore fails here by name: map it, or name it in FOREIGN."""
    unmapped = [
        *_unmapped(shape("events", "Rule"), dict.fromkeys(RULE, str)),
        *_unmapped(shape("events", "Target"), TARGET),
        *_unmapped(shape("ecs", "TaskOverride"), OVERRIDE),
    ]
    assert sorted(unmapped) == sorted(FOREIGN)


def test_nothing_is_mapped_that_aws_does_not_have() -> None:
    _has(shape("events", "Target"), TARGET)
    _has(shape("ecs", "TaskOverride"), OVERRIDE)
    _has(shape("events", "Rule"), dict.fromkeys(RULE, str))


def _unmapped(of: Any, form: Form) -> Iterator[str]:
    if isinstance(form, list):
        yield from _unmapped(of.member, form[0])
    elif isinstance(form, dict):
        for name, member in of.members.items():
            if name in form:
                yield from _unmapped(member, form[name])
            else:
                yield f"{of.name}.{name}"


def _has(of: Any, form: Form) -> None:
    if isinstance(form, list):
        assert of.type_name == "list"
        _has(of.member, form[0])
    elif isinstance(form, dict):
        assert set(form) <= set(of.members), of.name
        for name, inner in form.items():
            _has(of.members[name], inner)
    else:
        assert {str: "string", int: "integer", bool: "boolean"}[form] == of.type_name
