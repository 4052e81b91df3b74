"""EventBridge Scheduler with thousands of schedules and its quotas, in a process of its own: as lean as can be.

It answers what a diff asks: the schedules of one group, the group's tags, no rules, no index of tags.
"""

import asyncio
import json
import multiprocessing
import time
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from bench.configs import name, rule
from tests.aws.account import ACCOUNT, CLUSTER, CLUSTER_ARN, REGION, TRACKING_TAG, arn
from tests.aws.schedule_account import group_of

PAGE = 100


class SchedulesServer:
    """`with SchedulesServer(10_000, 1000) as server:` has so many schedules and takes so many GetSchedule a second."""

    def __init__(self, schedules: int, quota: float) -> None:
        self._given = schedules, quota

    def __enter__(self) -> Self:
        self._ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_run, args=(theirs, *self._given), daemon=True
        )
        self._process.start()
        self.url: str = self._ours.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()

    def counts(self) -> tuple[int, int, int]:
        """GetSchedule calls, of these refused, and all other calls since the last time."""
        self._ours.send("counts")
        got, refused, others = self._ours.recv()
        return got, refused, others


class _Bucket:
    """A quota: holds a second's calls."""

    def __init__(self, rate: float) -> None:
        self._rate = self._left = rate
        self._filled = time.monotonic()

    def takes_one(self) -> bool:
        now = time.monotonic()
        self._left = min(self._rate, self._left + (now - self._filled) * self._rate)
        self._filled = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _run(pipe: Connection, schedules: int, quota: float) -> None:
    asyncio.run(_serve(pipe, schedules, quota))


async def _serve(pipe: Connection, schedules: int, quota: float) -> None:
    state = _State(schedules, quota)
    server = await asyncio.start_server(state.connected, "127.0.0.1", 0)
    pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    def asked() -> None:
        pipe.recv()
        pipe.send(state.counted())

    asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
    await server.serve_forever()


class _State:
    def __init__(self, schedules: int, quota: float) -> None:
        self._group = group_of(CLUSTER)
        self._schedules = {name(number): _schedule(number, self._group) for number in range(schedules)}
        self._names = sorted(self._schedules)
        self._get, self._list = _Bucket(quota), _Bucket(50)
        self.got = self.refused = self.others = 0

    def counted(self) -> tuple[int, int, int]:
        counted = self.got, self.refused, self.others
        self.got = self.refused = self.others = 0
        return counted

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lower = head.lower()
                at = lower.find(b"content-length:")
                if at >= 0:
                    await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))
                status, body = self._answer(head)
                kind = b"Content-Type: application/json\r\n"
                refused = b"x-amzn-ErrorType: ThrottlingException\r\n" if status == 429 else b""
                writer.write(
                    b"HTTP/1.1 %d OK\r\n%s%sContent-Length: %d\r\n\r\n" % (status, kind, refused, len(body)) + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: bytes) -> tuple[int, bytes]:
        target = urlsplit(head.split(b" ", 2)[1].decode())
        if target.path.startswith("/schedules/"):
            self.got += 1
            if not self._get.takes_one():
                self.refused += 1
                return 429, b'{"Message": "Rate exceeded"}'
            return 200, self._schedules[unquote(target.path[11:])]
        self.others += 1
        if target.path == "/schedules":
            return (200, self._page(parse_qs(target.query))) if self._list.takes_one() else (429, b"{}")
        if target.path.startswith("/tags/"):
            return 200, json.dumps({"Tags": [{"Key": TRACKING_TAG, "Value": CLUSTER}]}).encode()
        if b"form-urlencoded" in head:
            return 200, _IDENTITY
        if b"GetResources" in head:
            return 200, b'{"ResourceTagMappingList": []}'
        return 200, b'{"Rules": []}'

    def _page(self, query: dict[str, list[str]]) -> bytes:
        start = int(query.get("NextToken", ["0"])[0])
        kept = [
            {
                "Name": one,
                "GroupName": self._group,
                "Arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{self._group}/{one}",
                "LastModificationDate": 1.0,
                "Target": {"Arn": CLUSTER_ARN},
            }
            for one in self._names[start : start + PAGE]
        ]
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(self._names) else {}
        return json.dumps({"Schedules": kept, **more}).encode()


_IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult>"
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/x</Arn><Account>{ACCOUNT}</Account><UserId>x</UserId>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
).encode()


def _schedule(number: int, group: str) -> bytes:
    """GetSchedule's answer for the rule of the same number."""
    entry: dict[str, Any] = rule(number)
    environment = [{"name": "N", "value": str(number)}, {"name": "TZ", "value": "Asia/Tokyo"}]
    override = {"name": "app", "command": ["bin/job", str(number)], "environment": environment}
    return json.dumps(
        {
            "Name": entry["name"],
            "GroupName": group,
            "Arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{group}/{entry['name']}",
            "Description": entry["description"],
            "ScheduleExpression": entry["scheduleExpression"],
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "ActionAfterCompletion": "NONE",
            "CreationDate": 1.0,
            "LastModificationDate": 1.0,
            "Target": {
                "Arn": CLUSTER_ARN,
                "RoleArn": arn("iam", "role/ecsEventsRole"),
                "EcsParameters": {
                    "TaskDefinitionArn": arn("ecs", "task-definition/reports"),
                    "LaunchType": "EC2",
                    "TaskCount": 1,
                },
                "Input": json.dumps({"containerOverrides": [override]}),
                "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
            },
        }
    ).encode()
