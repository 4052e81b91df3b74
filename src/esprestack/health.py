"""How the rules of a config have fared lately, as far as the role may read it: for the drift check. Nothing here fails.

Failed invocations are EventBridge's own metric; a task that AWS started and that ended badly isn't among them.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeAlias, TypeVar

from esprestack.aws import Aws
from esprestack.backends.task_ends import end_problem
from esprestack.backends.tasks_mapping import Task, eventbridges_mark, tasks
from esprestack.errors import AwsError
from esprestack.rule import Home, Rule, Scope

Metric: TypeAlias = dict[str, object]

_T = TypeVar("_T")

SINCE = timedelta(days=1)
MOST_QUERIES = 500
"""Of one GetMetricData."""
MOST_TASKS = 100
"""Of one ListTasks, and of one DescribeTasks."""
MOST_PAGES = 5
"""Stopped tasks are looked through that far: ECS forgets them after an hour or so."""
MOST_QUEUES = 20


@dataclass(frozen=True, slots=True)
class Health:
    """What was found; nothing where all is well."""

    failed: Mapping[str, int]
    """Invocations that were given up or refused in the last day, by rule or by group of schedules."""
    waiting: Mapping[str, int]
    """Messages in the dead-letter queues, by their ARNs."""
    stopped: Mapping[str, str]
    """How the last task of a rule ended that didn't end well."""
    unknown: tuple[str, ...]
    """What couldn't be asked, and why."""

    @property
    def lines(self) -> list[str]:
        """In words, one finding each."""
        failed = [f"`{name}`: {count} failed invocations in the last day" for name, count in self.failed.items()]
        waiting = [f"`{queue}`: {count} events in the dead-letter queue" for queue, count in self.waiting.items()]
        stopped = [f"`{name}`: {said}" for name, said in self.stopped.items()]
        return [*failed, *waiting, *stopped, *(f"not known: {said}" for said in self.unknown)]


def health_of(aws: Aws, scope: Scope, rules: Sequence[Rule], now: datetime) -> Health:
    """What AWS knows of the runs of `rules`. Raises nothing: what is refused is a note."""
    unknown: list[str] = []

    def asked(ask: Callable[[], Iterable[tuple[str, _T]]]) -> dict[str, _T]:
        try:
            return dict(ask())
        except AwsError as error:
            unknown.append(error.problems[0].what)
            return {}

    failed = asked(lambda: _failed(aws, _metrics(rules, scope), now))
    waiting = asked(lambda: _waiting(aws, rules, scope))
    stopped = asked(lambda: _stopped(aws, scope, rules))
    return Health(failed, waiting, stopped, tuple(unknown))


def _failed(aws: Aws, metrics: Sequence[tuple[str, Metric]], now: datetime) -> Iterator[tuple[str, int]]:
    found: dict[str, int] = {}
    for at in range(0, len(metrics), MOST_QUERIES):
        part = metrics[at : at + MOST_QUERIES]
        queries = [{"Id": f"q{number}", "MetricStat": _sum_of(metric)} for number, (_, metric) in enumerate(part)]
        times = {"StartTime": now - SINCE, "EndTime": now}
        for page in aws.pages("cloudwatch", "get_metric_data", "NextToken", MetricDataQueries=queries, **times):
            for result in page.get("MetricDataResults", []):
                if count := round(sum(result.get("Values", []))):
                    name = part[int(result["Id"][1:])][0]
                    found[name] = found.get(name, 0) + count
    yield from found.items()


def _metrics(rules: Sequence[Rule], scope: Scope) -> list[tuple[str, Metric]]:
    """Whose failures are counted, and by which metric; of schedules there are metrics by group alone.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
    """
    found = [
        (rule.name, _metric("AWS/Events", "FailedInvocations", RuleName=rule.name))
        for rule in rules
        if rule.home is Home.RULES
    ]
    groups = {rule.timing.group or scope.schedule_group for rule in rules if rule.home is Home.SCHEDULER}
    return found + [
        (group, _metric("AWS/Scheduler", name, ScheduleGroup=group))
        for group in sorted(groups)
        for name in ("TargetErrorCount", "InvocationDroppedCount")
    ]


def _metric(namespace: str, name: str, **dimensions: str) -> Metric:
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": pairs}


def _sum_of(metric: Metric) -> Metric:
    return {"Metric": metric, "Period": int(SINCE.total_seconds()), "Stat": "Sum"}


def _waiting(aws: Aws, rules: Sequence[Rule], scope: Scope) -> Iterator[tuple[str, int]]:
    queues = [rule.target.dead_letter_queue for rule in rules if rule.target and rule.target.dead_letter_queue]
    for queue in list(dict.fromkeys(queues))[:MOST_QUEUES]:
        arn = scope.expand(queue, "sqs", "")
        account, name = arn.split(":")[4:6]
        url = aws.call("sqs", "get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        asked = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        found = aws.call("sqs", "get_queue_attributes", **asked).get("Attributes", {})
        if count := int(found.get("ApproximateNumberOfMessages", 0)):
            yield arn, count


def _stopped(aws: Aws, scope: Scope, rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """The last task of each rule that ended badly, of those that ECS still remembers."""
    by_mark = {eventbridges_mark(rule.name, rule.home): rule.name for rule in rules}
    asked = {"cluster": scope.cluster_arn, "desiredStatus": "STOPPED"}
    last: dict[str, tuple[str, Task]] = {}
    for page in islice(aws.pages("ecs", "list_tasks", "nextToken", **asked), MOST_PAGES):
        arns = page.get("taskArns", [])[:MOST_TASKS]
        if not arns:
            continue
        answer = aws.call("ecs", "describe_tasks", cluster=scope.cluster_arn, tasks=arns)
        for raw, task in zip(answer.get("tasks", []), tasks(answer), strict=True):
            name, when = by_mark.get(raw.get("startedBy", "")), str(raw.get("stoppedAt", ""))
            if name and (name not in last or last[name][0] < when):
                last[name] = when, task
    for name, (_, task) in sorted(last.items()):
        if problem := end_problem(task, ()):
            yield name, problem.what
