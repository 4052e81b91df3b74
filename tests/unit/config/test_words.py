"""A rule in the config's own words: what `desired` reads is the same rule again."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from tests.unit.config.builders import load_untemplated, rules_of, the_rule
from tests.unit.strategies import QUICK, rules, schedules

from esprestack.config.words import to_words
from esprestack.reports.yaml_text import to_yaml
from esprestack.rule import ContainerOverride, RetryPolicy, Rule, Target, TaskOverride


def a_rule(**members: Any) -> Rule:
    return Rule("report", "rate(1 day)", Target("report", "reports", **members))


def read_back(rule: Rule, text: str, path: str = "ecschedule.yaml") -> None:
    assert rules_of(load_untemplated(text, path)) == [rule]


@QUICK
@given(rules() | schedules())
def test_a_rule_in_words_is_read_as_the_same_rule(rule: Rule) -> None:
    document = {"cluster": "batch", "rules": [to_words(rule)]}
    read_back(rule, yaml.safe_dump(document, sort_keys=False))
    read_back(rule, to_yaml(document))
    read_back(rule, json.dumps(document, ensure_ascii=False), "ecschedule.json")


@settings(QUICK, max_examples=12)
@given(rules() | schedules())
def test_words_are_json_and_stay_what_they_are(rule: Rule) -> None:
    words = to_words(rule)
    assert json.loads(json.dumps(words)) == words
    assert to_words(rules_of(load_untemplated(to_yaml({"cluster": "c", "rules": [words]})))[0]) == words


def test_a_rule_says_no_more_than_it_has_to() -> None:
    assert to_words(a_rule(), default_role="ecsEventsRole") == {
        "name": "report",
        "scheduleExpression": "rate(1 day)",
        "taskDefinition": "reports",
    }


def test_the_role_is_said_where_it_is_not_the_default() -> None:
    assert to_words(a_rule(role="other"), default_role="ecsEventsRole")["role"] == "other"
    assert to_words(a_rule())["role"] == "ecsEventsRole"


def test_a_rule_without_target_is_said_as_far_as_it_goes() -> None:
    assert to_words(Rule("report", "rate(1 day)", None, enabled=False)) == {
        "name": "report",
        "scheduleExpression": "rate(1 day)",
        "disabled": True,
    }


def test_the_target_id_is_said_where_it_is_not_the_name() -> None:
    rule = Rule("report", "rate(1 day)", Target("main", "reports"))
    assert to_words(rule)["targetId"] == "main"


def test_words_stand_in_the_spelling_and_order_of_ecschedule() -> None:
    rule = a_rule(
        task_count=2,
        group="g",
        platform_version="1.4.0",
        launch_type="FARGATE",
        propagate_tags="TASK_DEFINITION",
        dead_letter_queue="dead-letters",
        retry_policy=RetryPolicy(3, 3600),
        task_override=TaskOverride(cpu="256", ephemeral_storage=30),
        container_overrides=(ContainerOverride("app", ("run",), (("A", "1"),), cpu=0, memory_reservation=64),),
    )
    words = to_words(rule)
    assert list(words.items()) == [
        ("name", "report"),
        ("scheduleExpression", "rate(1 day)"),
        ("taskDefinition", "reports"),
        ("taskCount", 2),
        ("group", "g"),
        ("platform_version", "1.4.0"),
        ("launch_type", "FARGATE"),
        ("taskOverride", {"cpu": "256", "ephemeralStorage": {"sizeInGiB": 30}}),
        (
            "containerOverrides",
            [{"name": "app", "command": ["run"], "environment": {"A": "1"}, "cpu": 0, "memoryReservation": 64}],
        ),
        ("role", "ecsEventsRole"),
        ("dead_letter_config", {"sqs": "dead-letters"}),
        ("propagateTags", "TASK_DEFINITION"),
        ("retryPolicy", {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3600}),
    ]


@pytest.mark.parametrize("text", ["010", "yes", "null", "~", "1.10", "", "<<", "a: b", "{{ x }}", "l1\nl2\n", "  x "])
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    rule = a_rule(container_overrides=(ContainerOverride("app", environment=(("KEY", text),)),))
    read_back(rule, to_yaml({"cluster": "batch", "rules": [to_words(rule)]}))


def test_what_aws_treats_as_a_set_has_one_order() -> None:
    rule = the_rule(
        "network_configuration: {aws_vpc_configuration: {subnets: [b, a], security_groups: [d, c]}}",
        "tags: {z: 1, y: 2}",
        "containerOverrides: [{name: web}, {name: app}]",
    )
    words = to_words(rule)
    assert words["network_configuration"]["aws_vpc_configuration"] == {
        "subnets": ["a", "b"],
        "security_groups": ["c", "d"],
    }
    assert list(words["tags"]) == ["y", "z"]
    assert [override["name"] for override in words["containerOverrides"]] == ["app", "web"]
