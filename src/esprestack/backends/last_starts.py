"""When rules last started tasks, as far as ECS remembers: what a rate counts from is told nowhere else.

ECS forgets a task about an hour after it stopped.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
"""

from collections.abc import Collection
from datetime import UTC, datetime
from itertools import islice

from esprestack.aws import Aws
from esprestack.backends.tasks_mapping import RUNNING, STOPPED, eventbridges_mark
from esprestack.rule import Home, Rule, Scope

MOST_TASKS = 100
"""Of one ListTasks, and of one DescribeTasks."""
MOST_PAGES = 5


def last_starts(aws: Aws, scope: Scope, rule: Rule, others: Collection[str]) -> tuple[datetime, ...]:
    """When the tasks that `rule`, whose seals are opened, started on its cluster were made, in order, in UTC.

    None are known where the mark of its tasks is cut so short that one of `others`, the names of all rules, has it
    too. Raises AwsError.
    """
    mark = eventbridges_mark(rule.name, Home.RULES)
    if any(other != rule.name and eventbridges_mark(other, Home.RULES) == mark for other in others):
        return ()
    found: set[datetime] = set()
    for status in (RUNNING, STOPPED):
        asked = {"cluster": scope.cluster_arn, "startedBy": mark, "desiredStatus": status}
        for page in islice(aws.pages("ecs", "list_tasks", "nextToken", **asked), MOST_PAGES):
            if arns := page.get("taskArns", [])[:MOST_TASKS]:
                answer = aws.call("ecs", "describe_tasks", cluster=scope.cluster_arn, tasks=arns)
                made = [task.get("createdAt") for task in answer.get("tasks", []) if task.get("startedBy") == mark]
                found |= {moment.astimezone(UTC) for moment in made if moment is not None}
    return tuple(sorted(found))
