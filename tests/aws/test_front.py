"""What the front promises, seen through the SDK that the product uses too."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from tests.support.aws_front import DROPPED, AwsFront, Call

REGION = "eu-central-1"
RULE_ARN = "arn:aws:events:eu-central-1:123456789012:rule/"
CLUSTER_ARN = "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"

_session = boto3.Session(aws_access_key_id="made-up", aws_secret_access_key="made-up", region_name=REGION)


@pytest.fixture(scope="module")
def started() -> Iterator[AwsFront]:
    with AwsFront() as front:
        yield front


@pytest.fixture(autouse=True)
def front(started: AwsFront) -> AwsFront:
    started.reset()
    return started


@pytest.fixture(scope="module")
def events(started: AwsFront) -> Any:
    return a_client(started, "events")


@pytest.fixture(scope="module")
def tagging(started: AwsFront) -> Any:
    return a_client(started, "resourcegroupstaggingapi")


def a_client(front: AwsFront, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
    return _session.client(service, endpoint_url=front.url, config=config)


def put_rule(events: Any, name: str = "nightly", expression: str = "rate(1 day)", **tags: str) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    events.put_rule(Name=name, ScheduleExpression=expression, Tags=pairs)


def put_targets(events: Any, *ids: str) -> Any:
    return events.put_targets(Rule="nightly", Targets=[{"Id": one, "Arn": CLUSTER_ARN} for one in ids])


def rule_names(events: Any) -> list[str]:
    return [rule["Name"] for rule in events.list_rules()["Rules"]]


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> ClientError:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code
    return error.value


# Forwarding and recording


def test_a_call_is_carried_out_and_recorded(front: AwsFront, events: Any) -> None:
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")

    assert events.describe_rule(Name="nightly")["ScheduleExpression"] == "rate(1 day)"
    assert front.calls == [
        Call("events", "PutRule", {"Name": "nightly", "ScheduleExpression": "rate(1 day)"}, 200),
        Call("events", "DescribeRule", {"Name": "nightly"}, 200),
    ]


def test_motos_refusals_come_through(front: AwsFront, events: Any) -> None:
    refused("ResourceNotFoundException", events.describe_rule, Name="unknown")

    assert [call.status for call in front.calls] == [400]


def test_the_query_protocol_is_understood(front: AwsFront) -> None:
    assert a_client(front, "sts").get_caller_identity()["Account"] == "123456789012"
    refused("NoSuchEntity", a_client(front, "iam").get_role, RoleName="nobody")

    assert front.calls == [
        Call("sts", "GetCallerIdentity", {}, 200),
        Call("iam", "GetRole", {"RoleName": "nobody"}, 404),
    ]


def test_operations_named_by_method_and_path_are_understood(front: AwsFront) -> None:
    a_client(front, "scheduler").create_schedule_group(Name="jobs")
    a_client(front, "scheduler").list_schedules(GroupName="jobs", MaxResults=10)

    (created, listed) = front.calls
    assert (created.operation, created.parameters["Name"]) == ("CreateScheduleGroup", "jobs")
    assert listed == Call("scheduler", "ListSchedules", {"GroupName": "jobs", "MaxResults": "10"}, 200)


def test_a_file_in_s3_is_written_and_read(front: AwsFront) -> None:
    s3 = a_client(front, "s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="states", Key="a/b.json", Body=b"{}")

    assert s3.get_object(Bucket="states", Key="a/b.json")["Body"].read() == b"{}"
    assert [call.operation for call in front.calls] == ["CreateBucket", "PutObject", "GetObject"]
    assert front.calls[2].parameters == {"Bucket": "states", "Key": "a/b.json"}


def test_calls_are_counted_by_operation(front: AwsFront, events: Any) -> None:
    put_rule(events)
    events.list_rules()
    events.list_rules()

    assert front.count() == 3
    assert front.count("ListRules") == 2
    assert front.operations() == {"PutRule": 1, "ListRules": 2}


def test_writes_are_the_calls_that_change_something(front: AwsFront, events: Any) -> None:
    put_rule(events)
    put_targets(events, "one")
    events.list_rules()
    events.disable_rule(Name="nightly")
    events.tag_resource(ResourceARN=RULE_ARN + "nightly", Tags=[{"Key": "team", "Value": "red"}])
    events.untag_resource(ResourceARN=RULE_ARN + "nightly", TagKeys=["team"])
    events.remove_targets(Rule="nightly", Ids=["one"])
    events.delete_rule(Name="nightly")

    assert [call.operation for call in front.writes()] == [
        "PutRule",
        "PutTargets",
        "DisableRule",
        "TagResource",
        "UntagResource",
        "RemoveTargets",
        "DeleteRule",
    ]


def test_clear_forgets_the_calls_and_keeps_the_rules(front: AwsFront, events: Any) -> None:
    put_rule(events)
    front.clear()

    assert front.calls == []
    assert rule_names(events) == ["nightly"]


def test_reset_empties_moto_and_forgets_calls_faults_and_switches(front: AwsFront, events: Any) -> None:
    put_rule(events)
    front.fail("ListRules", "ThrottlingException")
    front.tagging = "denied"
    front.latency = 0.01
    front.refuse_bad_expressions = True

    front.reset()

    assert front.calls == []
    assert rule_names(events) == []
    assert (front.tagging, front.latency, front.refuse_bad_expressions) == ("rules", 0.0, False)


def test_many_connections_are_answered_at_once(front: AwsFront, events: Any) -> None:
    front.latency = 0.01
    names = [f"rule-{number}" for number in range(60)]

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda name: put_rule(events, name), names))

    front.latency = 0.0
    assert sorted(rule["Name"] for rule in events.list_rules(Limit=100)["Rules"]) == sorted(names)
    assert front.count("PutRule") == 60


def test_motos_own_failure_is_an_answer(front: AwsFront, events: Any) -> None:
    with pytest.raises(ClientError):
        events.list_rules(NamePrefix="*")

    assert [call.status for call in front.calls] == [500]


# GetResources


def test_rules_are_found_by_tag(events: Any, tagging: Any) -> None:
    put_rule(events, "ours", team="red", tier="1")
    put_rule(events, "theirs", team="blue")
    put_rule(events, "untagged")

    found = tagging.get_resources(ResourceTypeFilters=["events:rule"], TagFilters=[{"Key": "team", "Values": ["red"]}])

    assert found["PaginationToken"] == ""
    assert found["ResourceTagMappingList"] == [
        {
            "ResourceARN": RULE_ARN + "ours",
            "Tags": [{"Key": "team", "Value": "red"}, {"Key": "tier", "Value": "1"}],
        }
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param([], ["a", "b", "c"], id="no filter: every tagged rule"),
        pytest.param([{"Key": "team"}], ["a", "b"], id="a key alone: with any value"),
        pytest.param([{"Key": "team", "Values": []}], ["a", "b"], id="no values: the same"),
        pytest.param([{"Key": "team", "Values": ["red", "green"]}], ["a"], id="values: one of them"),
        pytest.param([{"Key": "team"}, {"Key": "tier", "Values": ["1"]}], ["b"], id="filters: all of them"),
        pytest.param([{"Key": "nobody"}], [], id="a key that no rule has"),
    ],
)
def test_tag_filters(events: Any, tagging: Any, filters: list[dict[str, Any]], names: list[str]) -> None:
    put_rule(events, "a", team="red", tier="2")
    put_rule(events, "b", team="blue", tier="1")
    put_rule(events, "c", tier="1")

    assert resource_arns(tagging.get_resources(TagFilters=filters)) == [RULE_ARN + name for name in names]


@pytest.mark.parametrize(
    ("types", "count"), [([], 1), (["events"], 1), (["events:rule"], 1), (["ecs:service", "s3"], 0)]
)
def test_type_filters(events: Any, tagging: Any, types: list[str], count: int) -> None:
    put_rule(events, team="red")

    assert len(resource_arns(tagging.get_resources(ResourceTypeFilters=types))) == count


def test_resources_come_in_pages(front: AwsFront, events: Any, tagging: Any) -> None:
    for number in range(120):
        put_rule(events, f"rule-{number:03}", team="red")
    expected = [f"{RULE_ARN}rule-{number:03}" for number in range(120)]

    assert page_sizes(tagging) == [50, 50, 20]
    assert page_sizes(tagging, ResourcesPerPage=100) == [100, 20]
    assert page_sizes(tagging, ResourcesPerPage=60) == [60, 60]
    pages = tagging.get_paginator("get_resources").paginate(ResourcesPerPage=100)
    assert [arn for page in pages for arn in resource_arns(page)] == expected


def test_a_page_too_large_and_a_foreign_token_are_refused(tagging: Any) -> None:
    refused("InvalidParameterException", tagging.get_resources, ResourcesPerPage=101)
    refused("PaginationTokenExpiredException", tagging.get_resources, PaginationToken="elsewhere")


def test_tags_are_those_of_the_region_asked(front: AwsFront, events: Any) -> None:
    put_rule(events, team="red")
    elsewhere = _session.client("resourcegroupstaggingapi", "eu-west-1", endpoint_url=front.url)

    assert resource_arns(elsewhere.get_resources()) == []


def test_tagging_can_be_denied(front: AwsFront, tagging: Any) -> None:
    front.tagging = "denied"

    refused("AccessDeniedException", tagging.get_resources)
    assert front.calls == [Call("tagging", "GetResources", {}, 400)]


def test_tagging_can_be_motos_which_knows_no_rules(front: AwsFront, events: Any, tagging: Any) -> None:
    put_rule(events, team="red")
    front.tagging = "moto"

    assert resource_arns(tagging.get_resources()) == []


def test_a_moto_elsewhere_is_asked_through_its_api(front: AwsFront, events: Any) -> None:
    for number in range(60):
        put_rule(events, f"rule-{number:02}", team="red")

    with AwsFront(front.moto_url) as second:
        tagging = a_client(second, "resourcegroupstaggingapi")
        found = tagging.get_resources(TagFilters=[{"Key": "team"}], ResourcesPerPage=100)
        assert resource_arns(found) == [f"{RULE_ARN}rule-{number:02}" for number in range(60)]
        refused("ResourceNotFoundException", a_client(second, "events").describe_rule, Name="unknown")
        assert second.operations() == {"GetResources": 1, "DescribeRule": 1}


def resource_arns(page: Any) -> list[str]:
    return [mapping["ResourceARN"] for mapping in page["ResourceTagMappingList"]]


def page_sizes(tagging: Any, **parameters: Any) -> list[int]:
    pages = tagging.get_paginator("get_resources").paginate(**parameters)
    return [len(page["ResourceTagMappingList"]) for page in pages]


# Faults


def test_a_failing_call_is_refused_once_and_not_carried_out(front: AwsFront, events: Any) -> None:
    front.fail("PutRule", "ConcurrentModificationException", "Try again.")

    error = refused(
        "ConcurrentModificationException", events.put_rule, Name="nightly", ScheduleExpression="rate(1 day)"
    )

    assert error.response["Error"]["Message"] == "Try again."
    assert error.response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == ("ConcurrentModificationException")
    assert rule_names(events) == []
    put_rule(events)
    assert rule_names(events) == ["nightly"]
    assert [call.status for call in front.calls] == [400, 200, 200, 200]


def test_a_fault_can_last(front: AwsFront, events: Any) -> None:
    front.fail("ListRules", "ThrottlingException", "Rate exceeded", status=429, times=None)

    for _ in range(3):
        error = refused("ThrottlingException", events.list_rules)
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_a_fault_can_wait_for_the_nth_call(front: AwsFront, events: Any) -> None:
    front.fail("PutRule", "InternalException", status=500, nth=2)

    put_rule(events, "first")
    refused("InternalException", events.put_rule, Name="second", ScheduleExpression="rate(1 day)")
    put_rule(events, "third")
    assert rule_names(events) == ["first", "third"]


def test_a_fault_can_choose_by_parameters(front: AwsFront, events: Any) -> None:
    front.fail("DescribeRule", "ManagedRuleException", where=lambda asked: asked["Name"] == "second")
    put_rule(events, "first")
    put_rule(events, "second")

    assert events.describe_rule(Name="first")["Name"] == "first"
    refused("ManagedRuleException", events.describe_rule, Name="second")


def test_faults_of_one_operation_come_one_after_the_other(front: AwsFront, events: Any) -> None:
    front.fail("ListRules", "ThrottlingException")
    front.fail("ListRules", "InternalException")

    refused("ThrottlingException", events.list_rules)
    refused("InternalException", events.list_rules)
    assert rule_names(events) == []


def test_xml_services_fail_in_xml(front: AwsFront) -> None:
    front.fail("GetCallerIdentity", "ExpiredToken", "The <token> has expired.", status=403)
    front.fail("GetObject", "AccessDenied", status=403)

    error = refused("ExpiredToken", a_client(front, "sts").get_caller_identity)
    assert error.response["Error"]["Message"] == "The <token> has expired."
    refused("AccessDenied", a_client(front, "s3").get_object, Bucket="states", Key="a/b.json")


def test_scheduler_fails_too(front: AwsFront) -> None:
    front.fail("GetSchedule", "ThrottlingException", status=429, where=lambda asked: asked["Name"] == "nightly")

    refused("ThrottlingException", a_client(front, "scheduler").get_schedule, Name="nightly")


def test_all_targets_of_a_call_can_fail(front: AwsFront, events: Any) -> None:
    put_rule(events)
    front.fail_entries(message="Try again.")

    answer = put_targets(events, "one", "two")

    assert answer["FailedEntryCount"] == 2
    assert answer["FailedEntries"] == [
        {"TargetId": one, "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "Try again."}
        for one in ("one", "two")
    ]
    assert events.list_targets_by_rule(Rule="nightly")["Targets"] == []
    assert put_targets(events, "one", "two")["FailedEntryCount"] == 0


def test_removals_can_fail_by_entry(front: AwsFront, events: Any) -> None:
    put_rule(events)
    put_targets(events, "one")
    front.fail_entries("RemoveTargets", "InternalException")

    answer = events.remove_targets(Rule="nightly", Ids=["one"])

    assert [(entry["TargetId"], entry["ErrorCode"]) for entry in answer["FailedEntries"]] == [
        ("one", "InternalException")
    ]
    assert len(events.list_targets_by_rule(Rule="nightly")["Targets"]) == 1


@pytest.mark.parametrize(("after_storing", "stored"), [(True, ["nightly"]), (False, [])])
def test_an_answer_can_be_lost(front: AwsFront, events: Any, after_storing: bool, stored: list[str]) -> None:
    front.drop("PutRule", after_storing=after_storing)

    with pytest.raises(ConnectionClosedError):
        put_rule(events)

    assert rule_names(events) == stored
    assert [call.status for call in front.calls] == [DROPPED, 200]


def test_bad_expressions_can_be_refused(front: AwsFront, events: Any) -> None:
    front.refuse_bad_expressions = True

    for good in ("rate(1 day)", "rate(10 minutes)", "cron(0 3 * * ? *)", "cron(0 3 ? * MON-FRI 2026/2)"):
        put_rule(events, expression=good)
    for bad in (
        "rate(1 days)",
        "rate(5 minute)",
        "rate(0 days)",
        "cron(0 3 * * * *)",
        "at(2030-01-01T00:00:00)",
    ):
        error = refused("ValidationException", events.put_rule, Name="nightly", ScheduleExpression=bad)
        assert error.response["Error"]["Message"] == "Parameter ScheduleExpression is not valid."


# Latency and frozen reads


def test_delayed_calls_are_answered_and_counted(front: AwsFront, events: Any) -> None:
    front.latency = 0.005

    put_rule(events)

    assert rule_names(events) == ["nightly"]
    assert front.count() == 2


def test_frozen_reads_are_answered_from_memory_and_counted(front: AwsFront, events: Any) -> None:
    put_rule(events)
    direct = _session.client("events", endpoint_url=front.moto_url)
    front.freeze()
    assert rule_names(events) == ["nightly"]

    direct.put_rule(Name="behind the front", ScheduleExpression="rate(1 day)")

    assert rule_names(events) == ["nightly"]
    assert front.count("ListRules") == 2
    assert len(events.list_rules(Limit=100)["Rules"]) == 2, "other parameters are another question"


def test_a_write_ends_what_was_frozen(front: AwsFront, events: Any, tagging: Any) -> None:
    front.freeze()
    assert (rule_names(events), resource_arns(tagging.get_resources())) == ([], [])

    put_rule(events, team="red")

    assert rule_names(events) == ["nightly"]
    assert resource_arns(tagging.get_resources()) == [RULE_ARN + "nightly"]


def test_a_write_whose_answer_is_lost_ends_it_too(front: AwsFront, events: Any) -> None:
    front.freeze()
    assert rule_names(events) == []
    front.drop("PutRule")

    with pytest.raises(ConnectionClosedError):
        put_rule(events)

    assert rule_names(events) == ["nightly"]


def test_frozen_reads_can_fail(front: AwsFront, events: Any) -> None:
    front.freeze()
    events.list_rules()
    front.fail("ListRules", "ThrottlingException")

    refused("ThrottlingException", events.list_rules)
    assert rule_names(events) == []


def test_thawed_reads_are_fresh(front: AwsFront, events: Any) -> None:
    front.freeze()
    events.list_rules()
    _session.client("events", endpoint_url=front.moto_url).put_rule(Name="behind", ScheduleExpression="rate(1 day)")
    front.thaw()

    assert rule_names(events) == ["behind"]
