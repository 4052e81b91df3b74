"""Tasks for tests of `run`: their logs, their definitions, and the time that passes while one waits for them."""

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from moto.ecs.models import ecs_backends
from tests.aws.account import ACCOUNT, CLUSTER, REGION, arn, request
from tests.support.aws_front import AwsFront
from tests.support.ecs_tasks import Look

from esprestack.terminal import Terminal

GROUP = "/ecs/app"
TASK_1, TASK_2 = (arn("ecs", f"task/{CLUSTER}/{number:08x}{0:024x}") for number in (1, 2))
ID_1, ID_2 = (task.rpartition("/")[2] for task in (TASK_1, TASK_2))
AWSLOGS = {"logDriver": "awslogs", "options": {"awslogs-group": GROUP, "awslogs-stream-prefix": "job"}}


class Clock:
    """The time that passes while one waits: all at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, terminal: Terminal, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return terminal.stop.is_set()


class Logs:
    """CloudWatch's log groups in one region."""

    def __init__(self, front: AwsFront, region: str = REGION) -> None:
        self._logs: Any = boto3.client(
            "logs",
            region_name=region,
            endpoint_url=front.moto_url,
            aws_access_key_id="made-up",
            aws_secret_access_key="made-up",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self._now = int(time.time() * 1000) - 60_000

    def has_group(self) -> None:
        self._logs.create_log_group(logGroupName=GROUP)

    def write(self, *lines: str, stream: str = f"job/app/{ID_1}") -> None:
        """Later lines have later times, whatever the stream."""
        if not self._logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]:
            self._logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        events = []
        for line in lines:
            self._now += 1
            events.append({"timestamp": self._now, "message": line})
        self._logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def has_definition(*containers: dict[str, Any], family: str = "app") -> None:
    """The next revision of the task definition; each container logs to CloudWatch unless it says otherwise."""
    usual = {"image": "app:1", "memory": 128, "logConfiguration": AWSLOGS}
    ecs_backends[ACCOUNT][REGION].register_task_definition(family, [usual | container for container in containers])


def asked_to_start(front: AwsFront) -> dict[str, Any]:
    """What the one RunTask was asked for, but for its token."""
    parameters = dict(request(front, "RunTask"))
    assert len(parameters.pop("clientToken")) == 36
    return parameters


def results(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def interrupts(signals: dict[int, Callable[[int, Any], None]], number: int = signal.SIGINT) -> Look:
    """A task that runs while somebody presses Ctrl-C."""
    return Look("RUNNING", act=lambda: signals[number](number, None))
