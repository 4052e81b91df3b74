"""An account whose rules are schedules of EventBridge Scheduler, told in the words of rules and targets.

So a test that speaks of a rule, its target and its tags holds for both homes. A schedule's group has the tags.
"""

import copy
from collections.abc import Mapping
from typing import Any

from tests.aws.account import ACCOUNT, CLUSTER, REGION, TRACKING_TAG, Account, a_target
from tests.support.aws_front import AwsFront
from tests.support.schedules import Schedules

from esprestack.rule import Scope

Place = tuple[str, str]


def group_of(tracking_id: str) -> str:
    return Scope("aws", REGION, ACCOUNT, CLUSTER, tracking_id).schedule_group


class ScheduleAccount(Account):
    """What `Account` can do, done to schedules."""

    def __init__(self, front: AwsFront, schedules: Schedules) -> None:
        super().__init__(front)
        self.schedules = schedules

    def _place(self, name: str) -> Place:
        (place,) = (place for place in self.schedules.schedules if place[1] == name)
        return place

    def names(self) -> list[str]:
        return sorted(name for _, name in self.schedules.schedules)

    def rule(self, name: str = "nightly") -> dict[str, Any]:
        found = copy.deepcopy(self.schedules.schedules[self._place(name)])
        found["RoleArn"] = found["Target"]["RoleArn"]
        return found

    def targets(self, name: str = "nightly") -> list[dict[str, Any]]:
        """As a rule has it: with an id, tags as pairs, and no default that nobody has put there."""
        target = copy.deepcopy(self.schedules.schedules[self._place(name)]["Target"])
        ecs = target.get("EcsParameters", {})
        if "Tags" in ecs:
            ecs["Tags"] = [{"Key": key, "Value": value} for item in ecs["Tags"] for key, value in item.items()]
        network = ecs.get("NetworkConfiguration", {}).get("awsvpcConfiguration")
        if network is not None:
            network.setdefault("SecurityGroups", [])
        if target.get("RetryPolicy") == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}:
            del target["RetryPolicy"]
        return [{"Id": name, **target}]

    def tags(self, name: str = "nightly") -> dict[str, str]:
        return dict(self.schedules.groups[self._place(name)[0]])

    def has_rule(
        self,
        name: str = "nightly",
        *,
        tracked_by: str | None = CLUSTER,
        targets: list[dict[str, Any]] | None = None,
        tags: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        assert not tags, "a schedule has no tags"
        (target,) = [a_target(name)] if targets is None else copy.deepcopy(targets)
        del target["Id"]
        ecs = target.get("EcsParameters", {})
        if "Tags" in ecs:
            ecs["Tags"] = [{tag["Key"]: tag["Value"]} for tag in ecs["Tags"]]
        group = group_of(tracked_by or CLUSTER)
        owner = {TRACKING_TAG: tracked_by} if tracked_by else {}
        self.schedules.groups.setdefault(group, owner)
        put = self.schedules.update_schedule if name in self.names() else self.schedules.create_schedule
        put(
            {
                "Name": name,
                "GroupName": group,
                "ScheduleExpression": members.pop("ScheduleExpression", "rate(1 day)"),
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": target,
                **{key: value for key, value in members.items() if key != "RoleArn"},
            }
        )

    def track(self, name: str, tracking_id: str | None) -> None:
        tags = self.schedules.groups[self._place(name)[0]]
        tags.pop(TRACKING_TAG, None)
        if tracking_id is not None:
            tags[TRACKING_TAG] = tracking_id

    def remove(self, name: str) -> None:
        del self.schedules.schedules[self._place(name)]
