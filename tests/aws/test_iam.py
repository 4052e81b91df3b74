"""The policies that `esprestack iam` prints are enough, on a server that refuses all else, and no more than needed."""

from collections.abc import Iterator

import pytest
from tests.aws.account import Account, a_target
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.policies import ACCOUNT, printed, without
from tests.aws.schedule_account import ScheduleAccount
from tests.support.guarded_front import GuardedFront
from tests.support.schedules import Schedules


@pytest.fixture(scope="session")
def running_front() -> Iterator[GuardedFront]:
    with GuardedFront() as front:
        yield front


@pytest.fixture(autouse=True)
def guard(running_front: GuardedFront) -> Iterator[GuardedFront]:
    running_front.policy = None
    running_front.refused.clear()
    yield running_front
    running_front.policy = None


@pytest.fixture
def work(folder: Folder, account: Account) -> None:
    """A rule to create, update, exchange the target of, adopt, retag and delete."""
    account.has_rule("changed", ScheduleExpression="rate(2 days)", targets=[a_target("changed", Input='{"cpu":"1"}')])
    account.has_rule("moved", targets=[a_target("old")])
    account.has_rule("found", tracked_by=None)
    account.has_rule("tagged", tags={"team": "data", "old": "yes"})
    account.has_rule("gone")
    account.has_rule("theirs", tracked_by="theirs")
    folder.config(*map(a_rule, ("new", "changed", "moved", "found")), a_rule("tagged", ruleTags={"team": "ops"}))


def test_diff_needs_no_more_and_may_write_nothing(esprestack: Esprestack, work: None, guard: GuardedFront) -> None:
    guard.policy = printed(esprestack, "diff")
    assert esprestack("diff", "--prune").code == 0
    assert esprestack("drift").code == 2
    assert guard.refused == []
    assert esprestack("apply").code == 1
    assert set(guard.refused) == {"events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource"}


def test_apply_needs_no_more_and_may_delete_nothing(
    esprestack: Esprestack, work: None, account: Account, guard: GuardedFront
) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("apply").code == 0
    assert guard.refused == []
    assert esprestack("apply", "--prune").code == 1
    assert "gone" in account.names()


def test_prune_needs_no_more_and_may_delete_only_what_is_ours(
    esprestack: Esprestack, work: None, account: Account, guard: GuardedFront
) -> None:
    guard.policy = printed(esprestack, "prune")
    assert esprestack("apply", "--prune").code == 0
    assert guard.refused == []
    assert account.names() == ["changed", "found", "moved", "new", "tagged", "theirs"]
    said = esprestack(
        "destroy", "--region", "eu-central-1", "--cluster", "jobs", "--tracking-id", "theirs", "--yes-delete", "theirs"
    )
    assert said.code == 1
    assert "theirs" in account.names()


def test_validate_needs_no_more(esprestack: Esprestack, work: None, guard: GuardedFront) -> None:
    guard.policy = printed(esprestack, "validate")
    said = esprestack("validate")
    assert guard.refused == []
    assert "not allowed" not in said.err


ONE_BY_ONE = [
    "events:ListRules", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets",
    "events:TagResource", "events:UntagResource", "events:DeleteRule", "events:ListTagsForResource", "iam:PassRole",
]  # fmt: skip


@pytest.mark.parametrize("action", ONE_BY_ONE)
def test_without_any_one_action_something_is_refused(
    esprestack: Esprestack, work: None, guard: GuardedFront, action: str
) -> None:
    policy = printed(esprestack, "prune")
    guard.policy = without(policy, action)
    assert guard.policy != policy
    assert esprestack("apply", "--prune").code == 1
    assert action in guard.refused


@pytest.mark.parametrize("action", ["tag:GetResources", "ecs:DescribeTaskDefinition"])
def test_without_what_is_only_helpful_the_apply_goes_on(
    esprestack: Esprestack, work: None, account: Account, guard: GuardedFront, action: str
) -> None:
    guard.policy = without(printed(esprestack, "prune"), action)
    said = esprestack("apply", "--prune")
    assert said.code == 0, said.err
    assert action in guard.refused


def test_a_rule_of_another_name_may_not_be_written(
    esprestack: Esprestack, folder: Folder, account: Account, guard: GuardedFront
) -> None:
    folder.config(a_rule("nightly"))
    guard.policy = printed(esprestack, "apply")
    folder.config(a_rule("nightly"), a_rule("other"))
    assert esprestack("apply").code == 1
    assert account.names() == ["nightly"]


def test_a_prefix_covers_rules_to_come(
    esprestack: Esprestack, folder: Folder, account: Account, guard: GuardedFront
) -> None:
    folder.config(a_rule("batch-a"))
    guard.policy = printed(esprestack, "apply", options=("--prefix", "batch-"))
    folder.config(a_rule("batch-a"), a_rule("batch-b"))
    assert esprestack("apply").code == 0


def test_look_ups_are_allowed_by_name(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    names = {
        "A": "{{ ssm `/batch/zone` }}",
        "B": "{{ secretsmanager_arn `db` }}",
        "C": "{{ cfn_output `network` `Subnet` }}",
        "D": "{{ cfn_export `Subnet` }}",
        "E": "{{ tfstate `aws_vpc.main.id` }}",
    }
    plugins = [{"name": "tfstate", "config": {"url": "s3://states/prod/terraform.tfstate"}}]
    folder.config(a_rule(containerOverrides=[{"name": "app", "environment": names}]), plugins=plugins)
    policy = printed(esprestack, "diff")
    found = {statement["Sid"]: (statement["Action"], statement["Resource"]) for statement in policy["Statement"]}
    assert found["Parameters"] == ("ssm:GetParameters", "arn:aws:ssm:eu-central-1:123456789012:parameter/batch/zone")
    assert found["Secrets"] == (
        "secretsmanager:DescribeSecret",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db*",
    )
    assert found["Stacks"] == (
        "cloudformation:DescribeStacks",
        "arn:aws:cloudformation:eu-central-1:123456789012:stack/network/*",
    )
    assert found["Exports"] == ("cloudformation:ListExports", "*")
    assert found["State"] == ("s3:GetObject", "arn:aws:s3:::states/prod/terraform.tfstate")


def test_the_policy_for_run_names_families_cluster_and_what_tasks_get(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config(a_rule(taskDefinition="app:7"))
    found = {statement["Sid"]: statement for statement in printed(esprestack, "run")["Statement"]}
    assert found["RunTasks"]["Resource"] == "arn:aws:ecs:eu-central-1:123456789012:task-definition/app:*"
    assert found["RunTasks"]["Condition"] == {
        "ArnEquals": {"ecs:cluster": ["arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"]}
    }
    assert found["LetTasksHaveTheirRoles"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_nobody_is_asked_and_what_is_not_known_is_a_star(
    esprestack: Esprestack, folder: Folder, guard: GuardedFront
) -> None:
    folder.config(a_rule(role="{{ ssm `role` }}"), region="cn-north-1")
    guard.clear()
    said = esprestack("iam", "--for", "apply", "--format", "json")
    assert (said.code, guard.calls) == (0, [])
    assert "note: the account isn't known, so it is `*`: name it with --account" in said.err
    assert '"arn:aws-cn:iam::*:role/*"' in said.out


def test_the_text_says_what_each_document_is_for(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule())
    said = esprestack("iam", *ACCOUNT)
    assert said.out.startswith("# diff and drift: what pull requests need. Reads, and nothing else\n{\n")
    assert (
        "\n# apply and deploy: diff, writing the rules, deploying the services, and taking them back\n{\n" in said.out
    )


def test_a_document_that_iam_would_not_take_is_told(esprestack: Esprestack, folder: Folder) -> None:
    for part in "ab":
        folder.config(*(a_rule(f"{part}-{number:02}-{'x' * 55}") for number in range(20)), name=f"{part}.yaml")
    asked = ("iam", *ACCOUNT, "--for", "apply", "-c", "a.yaml", "-c", "b.yaml")
    assert "IAM takes 6144: use --prefix" in esprestack(*asked).err
    assert "IAM takes" not in esprestack(*asked, "--prefix", "batch-").err


def test_health_reads_metrics_queues_and_stopped_tasks_and_nothing_else(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule("job", dead_letter_config={"sqs": "failed-jobs"}))
    statements = printed(esprestack, "health")["Statement"]
    actions = {action for item in statements for action in _listed(item["Action"])}
    assert actions >= {
        "cloudwatch:GetMetricData",
        "ecs:ListTasks",
        "ecs:DescribeTasks",
        "sqs:GetQueueUrl",
        "sqs:GetQueueAttributes",
    }
    assert all(action.split(":")[1].startswith(("Get", "List", "Describe")) for action in actions)
    (queues,) = [_listed(item["Resource"]) for item in statements if item["Sid"] == "CountDeadLetters"]
    assert [queue.rpartition(":")[2] for queue in queues] == ["failed-jobs"]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# -- schedules of EventBridge Scheduler ------------------------------------------------------------------------


@pytest.fixture
def scheduled(folder: Folder, account: Account, front: GuardedFront, schedules: Schedules) -> ScheduleAccount:
    """A schedule to create, update, move to another group, adopt and delete, and none of EventBridge's rules."""
    found = ScheduleAccount(front, schedules)
    for name in ("changed", "moved", "gone"):
        found.has_rule(name, ScheduleExpression="rate(2 days)")
    found.has_rule("theirs", tracked_by="theirs")
    folder.config(*map(a_rule, ("new", "changed")), a_rule("moved", scheduleGroup="more"), backend="scheduler")
    return found


def test_diff_of_schedules_needs_no_more_and_may_write_nothing(
    esprestack: Esprestack, scheduled: ScheduleAccount, guard: GuardedFront
) -> None:
    guard.policy = printed(esprestack, "diff")
    assert esprestack("diff", "--prune").code == 0
    assert esprestack("drift").code == 2
    assert guard.refused == []
    assert esprestack("apply").code == 1
    assert set(guard.refused) == {
        "scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:CreateScheduleGroup"
    }  # fmt: skip


def test_apply_of_schedules_needs_no_more(
    esprestack: Esprestack, scheduled: ScheduleAccount, folder: Folder, guard: GuardedFront
) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("apply", "--rule", "new", "--rule", "changed").code == 0
    assert guard.refused == []
    assert esprestack("apply", "--prune").code == 1
    assert "gone" in scheduled.names()


def test_prune_and_destroy_of_schedules_need_no_more(
    esprestack: Esprestack, scheduled: ScheduleAccount, guard: GuardedFront
) -> None:
    guard.policy = printed(esprestack, "prune")
    assert esprestack("apply", "--prune").code == 0
    assert guard.refused == []
    assert scheduled.names() == ["changed", "moved", "new", "theirs"]
    assert esprestack("destroy", "--region", "eu-central-1", "--tracking-id", "jobs", "--yes-delete", "jobs").code == 0
    assert guard.refused == []
    assert scheduled.names() == ["theirs"]


@pytest.mark.parametrize(
    "action",
    [
        "scheduler:ListSchedules", "scheduler:GetSchedule", "scheduler:ListTagsForResource", "scheduler:CreateSchedule",
        "scheduler:UpdateSchedule", "scheduler:CreateScheduleGroup", "scheduler:TagResource", "scheduler:DeleteSchedule",
        "iam:PassRole",
    ],
)  # fmt: skip
def test_without_any_one_action_on_schedules_something_is_refused(
    esprestack: Esprestack, scheduled: ScheduleAccount, guard: GuardedFront, action: str
) -> None:
    policy = printed(esprestack, "prune")
    guard.policy = without(policy, action)
    assert guard.policy != policy
    assert esprestack("apply", "--prune").code == 1
    assert action in guard.refused
