"""A drift check says how the rules have fared lately, as far as its role may read it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from tests.action.conftest import CONFIG, SECRETS
from tests.support.aws_front import AwsFront
from tests.support.github_events import push, schedule
from tests.support.runner import Finished, Runner

GIVEN = {"secrets": SECRETS, "require-plan": "off", "drift-issue": "false"}
DEAD = CONFIG + "  dead_letter_config:\n    sqs: failed-jobs\n"
CLUSTER = "arn:aws:ecs:ap-northeast-1:123456789012"


def client(aws: AwsFront, service: str) -> Any:
    keys = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    return boto3.client(service, endpoint_url=aws.url, region_name="ap-northeast-1", **keys)


def a_task(number: int, started_by: str, code: int, reason: str) -> dict[str, Any]:
    container = {"name": "app", "exitCode": code, "lastStatus": "STOPPED"}
    return {
        "taskArn": f"{CLUSTER}:task/batch/{number:032}",
        "startedBy": started_by,
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": reason,
        "stoppedAt": 1_790_000_000 + number,
        "containers": [container],
    }


@pytest.fixture
def check(runner: Runner, aws: AwsFront) -> Any:
    client(aws, "ecs").create_cluster(clusterName="batch")
    queue = client(aws, "sqs").create_queue(QueueName="failed-jobs")["QueueUrl"]
    (runner.workspace / "ecschedule.yaml").write_text(DEAD)
    assert runner.start("push", push(), GIVEN).code == 0

    def run() -> Finished:
        return runner.start("schedule", schedule(), GIVEN)

    run.queue = queue  # type: ignore[attr-defined]
    return run


def test_where_all_is_well_nothing_is_said(check: Any) -> None:
    done = check()
    assert done.code == 0
    assert "Lately" not in done.summary


def test_failed_invocations_dead_letters_and_bad_ends_are_told(check: Any, aws: AwsFront) -> None:
    client(aws, "sqs").send_message(QueueUrl=check.queue, MessageBody="{}")
    client(aws, "cloudwatch").put_metric_data(
        Namespace="AWS/Events",
        MetricData=[
            {
                "MetricName": "FailedInvocations",
                "Dimensions": [{"Name": "RuleName", "Value": "cleanup"}],
                "Timestamp": datetime.now(UTC) - timedelta(hours=3),
                "Value": 2,
            }
        ],
    )
    tasks = [
        a_task(1, "events-rule/nightly-report", 0, "Essential container in task exited"),
        a_task(2, "events-rule/cleanup", 0, "Essential container in task exited"),
        a_task(3, "events-rule/cleanup", 137, "OutOfMemoryError: container killed due to memory usage"),
        a_task(4, "ecs-svc/9", 1, "another's"),
    ]
    aws.play("ListTasks", lambda _: {"taskArns": [task["taskArn"] for task in tasks]})
    aws.play("DescribeTasks", lambda _: {"tasks": tasks, "failures": []})
    done = check()
    assert done.code == 0
    assert "- `cleanup`: 2 failed invocations in the last day" in done.summary
    assert "failed-jobs`: 1 events in the dead-letter queue" in done.summary
    assert "`app` exited with 137" in done.summary
    assert "another" not in done.summary
    assert done.summary.count("- `nightly-report`") == 0


def test_what_the_role_may_not_read_is_named_and_fails_nothing(check: Any, aws: AwsFront) -> None:
    for operation in ("GetMetricData", "GetQueueUrl", "ListTasks"):
        aws.fail(operation, "AccessDeniedException", "You may not.", times=9)
    done = check()
    assert (done.code, done.outputs["failure-reason"]) == (0, "")
    assert done.summary.count("not known: ") == 3
    assert "cloudwatch:GetMetricData" in done.summary
