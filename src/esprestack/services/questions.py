"""The questions that `verify` has for AWS, one function each: is it there, and is it fit? Reads, and nothing else.

No value of a secret is kept, nothing is written to a log, and no role is taken. In: clients and an opened name; out: an
Answer. A question that may not be asked isn't known; AwsError is raised where no call can succeed.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from esprestack.aws import Aws
from esprestack.backends.facts import statements
from esprestack.checks.policy import Request, Verdict, decide
from esprestack.checks.role import TASKS_SERVICE
from esprestack.errors import AwsError
from esprestack.facts import Absent, Unanswered
from esprestack.services import images
from esprestack.services.checked import Answer, State
from esprestack.services.model import ServiceScope

OK = Answer(State.OK)
MOST_PARAMETERS = 10
"""Of one GetParameters: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


def ng(what: str, todo: str = "") -> Answer:
    return Answer(State.NG, what, todo)


def unknown(what: str, todo: str = "") -> Answer:
    return Answer(State.UNKNOWN, what, todo)


def _asked(ask: Callable[[], Answer], missing: Mapping[str, Answer]) -> Answer:
    """The answer; AWS's own codes that say "there is none" have one of their own."""
    try:
        return ask()
    except AwsError as error:
        if error.final:
            raise
        if error.code in missing:
            return missing[error.code]
        return unknown(error.problems[0].what, error.problems[0].todo)


def cluster(aws: Aws, name: str, providers: Iterable[str]) -> Answer:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html"""

    def ask() -> Answer:
        found = aws.call("ecs", "describe_clusters", clusters=[name]).get("clusters") or []
        if not found or found[0].get("status") != "ACTIVE":
            return ng("there is no such cluster", "create it, or mend `cluster:` or `region:`")
        lacking = [item for item in providers if item not in (found[0].get("capacityProviders") or [])]
        if lacking:
            return ng(f"it hasn't the capacity provider `{lacking[0]}`", "associate it with the cluster")
        return OK

    return _asked(ask, {})


def role(aws: Aws, name: str, scope: ServiceScope) -> Answer:
    """Whether ECS's tasks may take the role, which is a name or an ARN.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    if name.startswith("arn:") and name.split(":")[4] != scope.account:
        return ng(f"it is of another account than {scope.account}", "use a role of the account")
    todo = "create it, or mend its name"
    missing = {code: ng("there is no such role", todo) for code in ("NoSuchEntity", "ValidationError")}

    def ask() -> Answer:
        found = aws.call("iam", "get_role", RoleName=name.rpartition("/")[2])["Role"]
        context = {"aws:sourceaccount": scope.account, "aws:sourcearn": scope.arn("*")}
        request = Request("sts:AssumeRole", service=TASKS_SERVICE, context=context)
        match decide(statements(found.get("AssumeRolePolicyDocument")), request):
            case Verdict.YES:
                return OK
            case Verdict.UNCLEAR:
                return unknown(f"whether {TASKS_SERVICE} may take it can't be told", "look at its trust policy")
        added = {"Effect": "Allow", "Principal": {"Service": TASKS_SERVICE}, "Action": "sts:AssumeRole"}
        return ng(f"it doesn't let {TASKS_SERVICE} take it", f"add to its trust policy {json.dumps(added)}")

    return _asked(ask, missing)


def image(aws: Aws, name: str, scope: ServiceScope) -> Answer:
    """Whether ECR has it. Other registries aren't asked: nobody but AWS is."""
    found = images.ecr_image(name)
    if found is None or not images.is_own(found, scope):
        return unknown("it isn't in this account's and region's ECR, and no other registry is asked")
    fact = images.asked(aws, found)
    if isinstance(fact, Unanswered):
        return unknown(fact.problem.what, fact.problem.todo)
    if isinstance(fact, Absent):
        return ng("ECR has no such image", "push it, or mend the tag")
    return Answer(State.OK, fact.digest)


def parameters(aws: Aws, names: Sequence[str]) -> list[Answer]:
    """Of each parameter of SSM whether it is there. Values that come along are dropped, still encrypted.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
    """
    try:
        answer = aws.call("ssm", "get_parameters", Names=list(names), WithDecryption=False)
    except AwsError as error:
        if error.final:
            raise
        problem = error.problems[0]
        return [unknown(problem.what, problem.todo) for _ in names]
    invalid = set(answer.get("InvalidParameters") or [])
    return [ng("SSM has no such parameter", "create it, or mend the name") if name in invalid else OK for name in names]


def secret(aws: Aws, value_from: str) -> Answer:
    """Whether Secrets Manager has it, and the stage that is asked for; never its value.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    parts = value_from.split(":")
    arn, (key, stage, *_) = ":".join(parts[:7]), (*parts[7:], "", "")
    missing = {"ResourceNotFoundException": ng("Secrets Manager has no such secret", "create it, or mend the ARN")}

    def ask() -> Answer:
        found = aws.call("secretsmanager", "describe_secret", SecretId=arn)
        if found.get("DeletedDate"):
            return ng("it is about to be deleted", "restore it, or name another one")
        stages = {name for names in (found.get("VersionIdsToStages") or {}).values() for name in names}
        if stage and stage not in stages:
            return ng(f"none of its versions is {stage}", "mend the version stage")
        return Answer(State.OK, f"but its key `{key}` isn't looked at" if key else "")

    return _asked(ask, missing)


def log_group(aws: Aws, name: str) -> Answer:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html"""

    def ask() -> Answer:
        pages = aws.pages("logs", "describe_log_groups", "nextToken", logGroupNamePrefix=name)
        if any(group.get("logGroupName") == name for page in pages for group in page.get("logGroups") or []):
            return OK
        return ng("there is no such log group", "create it, or set `awslogs-create-group: 'true'`")

    return _asked(ask, {})


def environment_file(aws: Aws, arn: str) -> Answer:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"""
    bucket, _, key = arn.partition(":s3:::")[2].partition("/")
    if not key or not key.endswith(".env"):
        return ng("it isn't the ARN of an object in S3 that ends with `.env`", "write `arn:aws:s3:::BUCKET/KEY.env`")
    absent = ng("S3 has no such object", "put it there, or mend the ARN")

    def ask() -> Answer:
        aws.call("s3", "head_object", Bucket=bucket, Key=key)
        return OK

    return _asked(ask, dict.fromkeys(("404", "NoSuchKey", "NoSuchBucket"), absent))


def target_group(aws: Aws, arn: str, mode: str) -> Answer:
    """Whether it is there, and takes tasks of this network mode.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html
    """
    missing = {"TargetGroupNotFound": ng("there is no such target group", "create it, or mend the ARN")}

    def ask() -> Answer:
        found: dict[str, Any] = aws.call("elbv2", "describe_target_groups", TargetGroupArns=[arn])["TargetGroups"][0]
        kind = str(found.get("TargetType", ""))
        wanted = "ip" if mode == "awsvpc" else "instance"
        if kind in ("ip", "instance") and kind != wanted:
            return ng(f"its targets are of type `{kind}`, tasks of the network mode `{mode}` are `{wanted}`")
        return OK

    return _asked(ask, {**missing, "TargetGroupNotFoundException": missing["TargetGroupNotFound"]})
