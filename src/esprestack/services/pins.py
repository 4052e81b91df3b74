"""What rules of EventBridge and schedules of EventBridge Scheduler start on clusters: `in_use.Pins` of a real account.

In: clusters; out: the task definition of each target, pinned to a revision or not. Rules of all event buses count.
"""

from collections.abc import Iterator, Sequence

from esprestack.aws import Aws
from esprestack.rule import Home
from esprestack.services.in_use import Pin, of_rule


class AccountPins:
    """The pins of one region of an account."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def __call__(self, clusters: Sequence[str]) -> Iterator[Pin]:
        """Raises AwsError."""
        for bus in self._buses():
            for cluster in clusters:
                yield from self._of_rules(bus, cluster)
        yield from self._of_schedules(frozenset(clusters))

    def _buses(self) -> list[str]:
        pages = self._aws.pages("events", "list_event_buses", "NextToken")
        return [bus["Name"] for page in pages for bus in page.get("EventBuses") or ()]

    def _of_rules(self, bus: str, cluster: str) -> Iterator[Pin]:
        pages = self._aws.pages("events", "list_rule_names_by_target", "NextToken", TargetArn=cluster, EventBusName=bus)
        for rule in [name for page in pages for name in page.get("RuleNames") or ()]:
            targets = self._aws.pages("events", "list_targets_by_rule", "NextToken", Rule=rule, EventBusName=bus)
            for target in [one for page in targets for one in page.get("Targets") or ()]:
                if arn := (target.get("EcsParameters") or {}).get("TaskDefinitionArn"):
                    yield arn, of_rule(rule, Home.RULES)

    def _of_schedules(self, clusters: frozenset[str]) -> Iterator[Pin]:
        """https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html"""
        pages = self._aws.pages("scheduler", "list_schedules", "NextToken", MaxResults=100)
        listed = [one for page in pages for one in page.get("Schedules") or ()]
        for schedule in listed:
            if (schedule.get("Target") or {}).get("Arn") not in clusters:
                continue
            where = {"Name": schedule["Name"], "GroupName": schedule["GroupName"]}
            target = self._aws.call("scheduler", "get_schedule", **where).get("Target") or {}
            if arn := (target.get("EcsParameters") or {}).get("TaskDefinitionArn"):
                yield arn, of_rule(schedule["Name"], Home.SCHEDULER)
