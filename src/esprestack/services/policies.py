"""The least policies for services, and those of a run's configs of both kinds in one document. Pure.

Which resource and condition an action can be limited to is AWS's own table:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from esprestack.config.lookups.permissions import lookup_statements
from esprestack.iam import Needs, Purpose, Statement, allow, included, policy, rule_statements
from esprestack.services.needs import ServiceNeeds


def policy_of(
    rules: Sequence[Needs], services: Sequence[ServiceNeeds], purposes: Collection[Purpose], prefix: str = ""
) -> Statement:
    """IAM's document for all of it. `prefix`: rules by the beginning of their names instead of one by one."""
    looked = [(need.scope, look) for need in rules for look in need.looked]
    looked += [(need.scope, look) for need in services for look in need.looked]
    found = [*rule_statements(rules, purposes, prefix), *_statements(services, purposes), *lookup_statements(looked)]
    return policy(found)


def _statements(needs: Sequence[ServiceNeeds], purposes: Collection[Purpose]) -> Iterator[Statement]:
    parts = [_PARTS[purpose] for purpose in included(purposes) if purpose in _PARTS and needs]
    return (statement for part in parts for statement in part(needs))


def _each(needs: Sequence[ServiceNeeds], resources: Callable[[ServiceNeeds], Sequence[str]]) -> list[str]:
    return [resource for need in needs for resource in resources(need)]


# -- reading ---------------------------------------------------------------------------------------------------


def _diff(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    yield allow("SeeTaskDefinitions", ("ecs:DescribeTaskDefinition",), ["*"])
    if found := _each(needs, lambda need: need.services):
        yield allow("SeeServices", ("ecs:DescribeServices", "ecs:ListServiceDeployments"), found)
        revisions = _each(needs, lambda need: need.of_service("service-revision"))
        yield allow("SeeWhatTheyRun", ("ecs:DescribeServiceRevisions",), revisions)
    if found := _each(needs, lambda need: need.repositories):
        yield allow("SeeImages", ("ecr:DescribeImages", "ecr:BatchGetImage"), found)
    if any(need.is_counted for need in needs):
        yield allow("SeeWhoElseScales", ("application-autoscaling:DescribeScalableTargets",), ["*"])
    if named := [need for need in needs if need.has_named_namespace]:
        namespaces = [need.scope.arn("servicediscovery", "namespace/*") for need in named]
        yield allow("SeeNamespaces", ("servicediscovery:GetNamespace",), namespaces)


def _verify(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    yield allow("VerifyClusters", ("ecs:DescribeClusters",), [need.scope.cluster_arn for need in needs])
    named: dict[str, tuple[str, Callable[[ServiceNeeds], Sequence[str]]]] = {
        "VerifyRoles": ("iam:GetRole", lambda need: need.task_roles),
        "VerifyParameters": ("ssm:GetParameters", lambda need: need.parameters),
        "VerifySecrets": ("secretsmanager:DescribeSecret", lambda need: need.secrets),
        "VerifyLogGroups": ("logs:DescribeLogGroups", lambda need: need.log_places),
        "VerifyFiles": ("s3:GetObject", lambda need: need.environment_files),
    }
    for sid, (action, resources) in named.items():
        if found := _each(needs, resources):
            yield allow(sid, (action,), found)
    if any(need.has_target_groups for need in needs):
        yield allow("VerifyTargetGroups", ("elasticloadbalancing:DescribeTargetGroups",), ["*"])


# -- writing ---------------------------------------------------------------------------------------------------


def _register(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    yield allow("RegisterTaskDefinitions", ("ecs:RegisterTaskDefinition",), [need.family for need in needs])
    if tagged := [need.family for need in needs if need.task.get("tags")]:
        created = {"ecs:CreateAction": "RegisterTaskDefinition"}
        yield allow("TagTaskDefinitions", ("ecs:TagResource",), tagged, StringEquals=created)
    if found := _each(needs, lambda need: need.task_roles):
        yield allow("LetTheirTasksHaveRoles", ("iam:PassRole",), found, StringEquals=_passed_to("ecs-tasks"))


def _deploy(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    """With the wait and the way back."""
    yield from _register(needs)
    if not (services := _each(needs, lambda need: need.services)):
        return
    yield allow("DeployServices", ("ecs:CreateService", "ecs:UpdateService"), services, ArnEquals=_on_clusters(needs))
    yield allow("TagServices", ("ecs:TagResource", "ecs:UntagResource"), services)
    if found := _each(needs, lambda need: need.ecs_roles):
        yield allow("LetEcsLookAfterThem", ("iam:PassRole",), found, StringEquals=_passed_to("ecs"))
    deployments = _each(needs, lambda need: need.of_service("service-deployment"))
    actions = ("ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment")
    yield allow("FollowAndStopDeployments", actions, deployments)
    yield allow("ListRevisions", ("ecs:ListTaskDefinitions",), ["*"])
    yield allow("FindTasksThatFailed", ("ecs:ListTasks",), ["*"], ArnEquals=_on_clusters(needs))
    yield allow("SeeTasksThatFailed", ("ecs:DescribeTasks",), [need.tasks for need in needs])
    yield from _read_logs(needs)


def _run(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    yield from _register(needs)
    families = [need.family for need in needs]
    yield allow("RunTheirTasks", ("ecs:RunTask",), families, ArnEquals=_on_clusters(needs))
    tasks = [need.tasks for need in needs]
    yield allow("WatchTheirTasks", ("ecs:DescribeTasks", "ecs:StopTask"), tasks)
    yield allow("TagTheirTasks", ("ecs:TagResource",), tasks, StringEquals={"ecs:CreateAction": "RunTask"})
    if found := _each(needs, lambda need: need.volume_roles):
        yield allow("LetEcsMakeVolumes", ("iam:PassRole",), found, StringEquals=_passed_to("ecs"))
    yield from _read_logs(needs)


def _read_logs(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    if found := _each(needs, lambda need: need.log_groups):
        yield allow("ReadLogsOfTheirTasks", ("logs:GetLogEvents",), found)


def _deregister(needs: Sequence[ServiceNeeds]) -> Iterator[Statement]:
    """Every user of a revision is looked for, in all clusters. AWS limits the first ones to nothing."""
    anywhere = (
        "ecs:DeregisterTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListClusters", "ecs:ListServices",
        "ecs:ListTasks", "events:ListEventBuses", "events:ListRuleNamesByTarget", "scheduler:ListSchedules",
    )  # fmt: skip
    yield allow("DeregisterWhatNobodyUses", anywhere, ["*"])
    for sid, action, service, resource in (
        ("SeeAllServices", "ecs:DescribeServices", "ecs", "service/*"),
        ("SeeAllTasks", "ecs:DescribeTasks", "ecs", "task/*"),
        ("SeeAllRules", "events:ListTargetsByRule", "events", "rule/*"),
        ("SeeAllSchedules", "scheduler:GetSchedule", "scheduler", "schedule/*"),
    ):
        yield allow(sid, (action,), [need.scope.arn(service, resource) for need in needs])


_PARTS: dict[Purpose, Callable[[Sequence[ServiceNeeds]], Iterator[Statement]]] = {
    Purpose.DIFF: _diff,
    Purpose.VALIDATE: _verify,
    Purpose.APPLY: _deploy,
    Purpose.RUN: _run,
    Purpose.DEREGISTER: _deregister,
}


def _on_clusters(needs: Sequence[ServiceNeeds]) -> dict[str, list[str]]:
    return {"ecs:cluster": sorted({need.scope.cluster_arn for need in needs})}


def _passed_to(service: str) -> dict[str, str]:
    return {"iam:PassedToService": f"{service}.amazonaws.com"}
