"""Who uses the revisions of a task definition: services and tasks of all clusters, rules and schedules.

In: a family, and who lists what is pinned; out: by revision the users in words. What can't be looked at is an error:
who doesn't know the users mustn't take a revision away from them. An INACTIVE revision starts no task any more:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from esprestack.aws import Aws
from esprestack.rule import Home
from esprestack.services.ecs import family_of

Pin: TypeAlias = tuple[str, str]
"""The task definition's ARN in a target, with its revision or without, and whose target it is: `the rule nightly`."""

Pins: TypeAlias = Callable[[Sequence[str]], Iterable[Pin]]
"""From the clusters' ARNs to what rules and schedules start on them. Raises AwsError."""

_SERVICES_AT_ONCE, _TASKS_AT_ONCE = 10, 100
"""What DescribeServices and DescribeTasks take.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
"""


def users(aws: Aws, family: str, active: Sequence[str], pins: Pins) -> Mapping[str, tuple[str, ...]]:
    """The users of each revision of the family that has any. `active`: its active revisions, the newest first.

    A target without a revision starts the newest active one, and so uses that. Raises AwsError.
    """
    pages = aws.pages("ecs", "list_clusters", "nextToken")
    clusters = [arn for page in pages for arn in page.get("clusterArns") or ()]
    found: dict[str, dict[str, None]] = {}
    for arn, who in _uses(aws, family, active, clusters, pins):
        found.setdefault(arn, {})[who] = None
    return {arn: tuple(names) for arn, names in found.items()}


def of_service(name: str, cluster: str) -> str:
    """How a service of the cluster with this ARN is named as a user."""
    return f"the service {name} of the cluster {cluster.rpartition('/')[2]}"


def of_rule(name: str, home: Home) -> str:
    """How a rule, or a schedule, is named as a user."""
    return f"the {'schedule' if home is Home.SCHEDULER else 'rule'} {name}"


def _uses(
    aws: Aws, family: str, active: Sequence[str], clusters: Sequence[str], pins: Pins
) -> Iterator[tuple[str, str]]:
    for cluster in clusters:
        yield from ((arn, of_service(name, cluster)) for arn, name in _services(aws, cluster))
        tasks = Counter(_tasks(aws, cluster, family))
        for (arn, group), number in tasks.items():
            service = group.removeprefix("service:")
            where = f"of the cluster {cluster.rpartition('/')[2]}"
            yield (
                arn,
                of_service(service, cluster) if service != group else f"{number} task{'s' * (number > 1)} {where}",
            )
    for arn, who in pins(clusters):
        if _family(arn) != family:
            continue
        if ":" in arn.rpartition("/")[2]:
            yield arn, who
        elif active:
            yield active[0], f"{who}, which starts the newest revision"


def _family(arn: str) -> str:
    return family_of(arn) or arn.rpartition("/")[2]


def _services(aws: Aws, cluster: str) -> Iterator[tuple[str, str]]:
    """The task definitions of each service, those of its deployments and task sets included."""
    pages = aws.pages("ecs", "list_services", "nextToken", cluster=cluster, maxResults=100)
    arns = [arn for page in pages for arn in page.get("serviceArns") or ()]
    for at in range(0, len(arns), _SERVICES_AT_ONCE):
        batch = arns[at : at + _SERVICES_AT_ONCE]
        for service in aws.call("ecs", "describe_services", cluster=cluster, services=batch).get("services") or ():
            parts: list[Any] = [service, *(service.get("deployments") or ()), *(service.get("taskSets") or ())]
            yield from (
                (part["taskDefinition"], service["serviceName"]) for part in parts if part.get("taskDefinition")
            )


def _tasks(aws: Aws, cluster: str, family: str) -> Iterator[tuple[str, str]]:
    """The task definition and the group of each task that runs, or is about to."""
    pages = aws.pages("ecs", "list_tasks", "nextToken", cluster=cluster, family=family)
    arns = [arn for page in pages for arn in page.get("taskArns") or ()]
    for at in range(0, len(arns), _TASKS_AT_ONCE):
        batch = arns[at : at + _TASKS_AT_ONCE]
        found = aws.call("ecs", "describe_tasks", cluster=cluster, tasks=batch).get("tasks") or ()
        running = [task for task in found if task.get("lastStatus") != "STOPPED"]
        yield from ((task["taskDefinitionArn"], task.get("group") or "") for task in running)
