"""Look-ups in AWS, as commands make them: what is asked, how often, what is told of it, and what is told to nobody."""

import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
import yaml
from tests.aws.account import ACCOUNT, REGION, Account, a_target, client_past
from tests.aws.configs import Folder
from tests.aws.conftest import Esprestack, Said
from tests.aws.test_secrets import forms
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

ELSEWHERE = "us-east-1"
SECRET = "pa\"ss'w: örd\n- and: {{ more }}\t#x\\y"
"""The value of a SecureString: quotes, a colon, line breaks and braces would each break the YAML around it."""


class Things:
    """Parameters, secrets, stacks and states of the account."""

    def __init__(self, front: AwsFront) -> None:
        self.ssm = {region: client_past(front, "ssm", region) for region in (REGION, ELSEWHERE)}
        self.secretsmanager = client_past(front, "secretsmanager")
        self.cloudformation = client_past(front, "cloudformation")
        self.s3 = client_past(front, "s3")

    def has_parameter(self, name: str, value: str, kind: str = "String", region: str = REGION) -> None:
        self.ssm[region].put_parameter(Name=name, Value=value, Type=kind)

    def has_secret(self, name: str) -> str:
        """The ARN of the new secret."""
        return str(self.secretsmanager.create_secret(Name=name, SecretString=SECRET)["ARN"])

    def has_stack(self, name: str, outputs: Mapping[str, str], exports: Mapping[str, str] | None = None) -> None:
        """A stack that exports the outputs named in `exports` by the names given there."""
        exports = exports or {}
        described = {
            key: {"Value": value} | ({"Export": {"Name": exports[key]}} if key in exports else {})
            for key, value in outputs.items()
        }
        template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": described}
        self.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))

    def has_state(self, key: str, *, sensitive: bool = False, **outputs: str) -> None:
        """A Terraform state with these outputs in the bucket `states`."""
        described = {
            name: {"value": value, "type": "string", "sensitive": sensitive} for name, value in outputs.items()
        }
        with suppress(self.s3.exceptions.BucketAlreadyOwnedByYou):
            self.s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
        state = {"version": 4, "outputs": described, "resources": []}
        self.s3.put_object(Bucket="states", Key=key, Body=json.dumps(state).encode())


@pytest.fixture(scope="session")
def things_of_account(running_front: AwsFront) -> Things:
    return Things(running_front)


@pytest.fixture
def things(account: Account, things_of_account: Things) -> Things:
    return things_of_account


# -- configs ---------------------------------------------------------------------------------------------------

FIRST = 10
"""The line of a config's first look-up; each has a line of its own."""


def a_config(*calls: str, plugins: str = "[]", region: str = REGION, rule: str = "nightly") -> str:
    """A config whose rule gives the task the variables V0, V1, … with the answers to `calls`."""
    lines = [
        f"region: {region}",
        "cluster: jobs",
        "rules:",
        f"- name: {rule}",
        "  scheduleExpression: rate(1 day)",
        "  taskDefinition: app",
        "  containerOverrides:",
        "  - name: app",
        "    environment:",
        *(f"      V{number}: '{{{{ {call} }}}}'" for number, call in enumerate(calls)),
        f"plugins: {plugins}",
    ]
    return "\n".join(lines) + "\n"


def state(url: str, prefix: str = "") -> str:
    """An entry of `plugins:`."""
    return f"{{name: tfstate, func_prefix: '{prefix}', config: {{url: '{url}'}}}}"


def has_backend(folder: Folder, key: str, workspace: str = "default") -> None:
    """What `terraform init` leaves in the working folder where the state is in the bucket `states`."""
    config = {"bucket": "states", "key": key, "region": REGION}
    (folder.path / ".terraform").mkdir()
    folder.write(
        json.dumps({"version": 3, "backend": {"type": "s3", "config": config}}), ".terraform/terraform.tfstate"
    )
    folder.write(workspace, ".terraform/environment")


def answers(esprestack: Esprestack, folder: Folder, *calls: str, **config: str) -> list[str]:
    """What `render` prints for each of `calls`."""
    folder.write(a_config(*calls, **config))
    said = esprestack("render")
    assert said.code == 0, said.err
    container = yaml.safe_load(said.out)["rules"][0]["containerOverrides"][0]
    return list(container["environment"].values())


def told(esprestack: Esprestack, folder: Folder, *calls: str, **config: str) -> list[str]:
    """What is wrong with a config with these calls, by its line."""
    folder.write(a_config(*calls, **config))
    said = esprestack("validate", "--format", "json", "--allow", "no-role")
    assert said.code == 1, said.out
    found = json.loads(said.out)["problems"]
    return [f"{problem['line']}: {problem['what']} ({problem['todo']})" for problem in found]


# -- values ----------------------------------------------------------------------------------------------------


def test_parameters_are_strings_items_of_lists_and_secrets(
    esprestack: Esprestack, folder: Folder, things: Things
) -> None:
    things.has_parameter("/app/host", "db.internal")
    things.has_parameter("/app/subnets", "subnet-1,subnet-2", "StringList")
    things.has_parameter("/app/password", SECRET, "SecureString")
    calls = ['ssm("/app/host")', 'ssm("/app/subnets", 1)', "ssm_list `/app/subnets` 0", "ssm `/app/password`"]
    assert answers(esprestack, folder, *calls) == ["db.internal", "subnet-2", "subnet-1", "(secret)"]


def test_a_parameter_of_a_version_is_that_versions(esprestack: Esprestack, folder: Folder, things: Things) -> None:
    things.has_parameter("host", "old")
    things.ssm[REGION].put_parameter(Name="host", Value="new", Type="String", Overwrite=True)
    assert answers(esprestack, folder, 'ssm("host")', 'ssm("host:2")') == ["new", "new"]


def test_the_arn_of_a_secret_is_no_secret(esprestack: Esprestack, folder: Folder, things: Things) -> None:
    arn = things.has_secret("db")
    assert answers(esprestack, folder, 'secretsmanager_arn("db")') == [arn]


def test_outputs_and_exports_of_stacks(esprestack: Esprestack, folder: Folder, things: Things) -> None:
    things.has_stack("net", {"Vpc": "vpc-1", "Subnet": "subnet-1"}, {"Subnet": "net-subnet"})
    calls = ['cfn_output("net", "Vpc")', "cfn_output `net` `Subnet`", 'cfn_export("net-subnet")']
    assert answers(esprestack, folder, *calls) == ["vpc-1", "subnet-1", "subnet-1"]


def test_states_in_s3_differ_by_their_prefix(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront
) -> None:
    things.has_state("main.tfstate", x="of main")
    things.has_state("net/terraform.tfstate", x="of net", y="subnet-1")
    plugins = f"[{state('s3://states/main.tfstate')}, {state('s3://states/net/terraform.tfstate', 'net_')}]"
    calls = ['tfstate("output.x")', 'net_tfstate("output.x")', "net_tfstatef `output.%s` `y`"]
    assert answers(esprestack, folder, *calls, plugins=plugins) == ["of main", "of net", "subnet-1"]
    assert front.operations() == {"GetObject": 2}


def test_a_state_whose_backend_is_s3_is_followed(esprestack: Esprestack, folder: Folder, things: Things) -> None:
    things.has_state("env:/blue/main.tfstate", x="of blue")
    has_backend(folder, "main.tfstate", workspace="blue")
    plugins = f"[{state('.terraform/terraform.tfstate')}]"
    assert answers(esprestack, folder, 'tfstate("output.x")', plugins=plugins) == ["of blue"]


def test_jsonnet_asks_the_same(esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront) -> None:
    things.has_parameter("subnets", "subnet-1,subnet-2", "StringList")
    things.has_parameter("password", SECRET, "SecureString")
    variables = "{ A: std.native('ssm_list')('subnets', 1), B: std.native('ssm')('password') }"
    rule = f"containerOverrides: [{{ name: 'app', environment: {variables} }}]"
    named = "name: 'nightly', scheduleExpression: 'rate(1 day)', taskDefinition: 'app'"
    folder.write(f"{{ region: '{REGION}', cluster: 'jobs', rules: [{{ {named}, {rule} }}] }}", "ecschedule.jsonnet")
    said = esprestack("render")
    (container,) = json.loads(said.out)["rules"][0]["containerOverrides"]
    assert container["environment"] == {"A": "subnet-2", "B": "(secret)"}
    assert front.operations() == {"GetParameters": 1}


# -- secrets ---------------------------------------------------------------------------------------------------

ANSWERS = ['ssm("password")', 'tfstate("output.password")']
MISSES = ['ssm("password", 0)', 'cfn_output(ssm("password"), "x")']
"""What knows a secret and has no answer."""


@pytest.fixture
def secret_answers(things: Things) -> str:
    """Secrets to look up; the `plugins:` for it."""
    things.has_parameter("password", SECRET, "SecureString")
    things.has_state("main.tfstate", sensitive=True, password=f"{SECRET} of the state")
    return f"[{state('s3://states/main.tfstate')}]"


def assert_tells_nothing(said: Said) -> None:
    assert said.out + said.err
    assert "this is a bug" not in said.err
    for text in said.out, said.err:
        assert [form for form in forms(SECRET) if form in text] == []
        assert not any("\ue000" <= character <= "\uf8ff" for character in text), "a seal was printed"


VALIDATING = [("validate",), ("validate", "--format", "json"), ("validate", "--format", "sarif")]
COMMANDS = [
    ("render",), ("diff",), ("diff", "--format", "markdown"), ("diff", "--format", "json"), ("drift",), ("apply",),
    ("apply", "--format", "json"), *VALIDATING,
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_tells_a_looked_up_secret(
    esprestack: Esprestack, account: Account, folder: Folder, secret_answers: str, command: tuple[str, ...]
) -> None:
    live = json.dumps({"containerOverrides": [{"name": "app", "command": ["bin/report", SECRET]}]})
    account.has_rule("nightly", targets=[a_target("nightly", Input=live)], Description=f"Before, with {SECRET}")
    folder.write(a_config(*ANSWERS, plugins=secret_answers))
    assert_tells_nothing(esprestack(*command))


@pytest.mark.parametrize("command", [("render",), *VALIDATING], ids=" ".join)
def test_no_miss_tells_a_looked_up_secret(
    esprestack: Esprestack, folder: Folder, secret_answers: str, command: tuple[str, ...]
) -> None:
    folder.write(a_config(*ANSWERS, *MISSES, plugins=secret_answers))
    said = esprestack(*command)
    assert said.code == 1
    assert_tells_nothing(said)


def test_looked_up_secrets_reach_aws_as_they_are(
    esprestack: Esprestack, account: Account, folder: Folder, secret_answers: str
) -> None:
    folder.write(a_config(*ANSWERS, plugins=secret_answers))
    assert esprestack("apply").code == 0
    assert account.environment() == {"V0": SECRET, "V1": f"{SECRET} of the state"}
    assert esprestack("diff", "--exit-code").code == 0


# -- how often AWS is asked ------------------------------------------------------------------------------------


def test_ten_parameters_are_asked_for_in_a_call_and_each_once(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront
) -> None:
    names = [f"p{number:02}" for number in range(12)]
    for name in names:
        things.has_parameter(name, f"value of {name}")
    found = answers(esprestack, folder, *(f'ssm("{name}")' for name in [*names, *names]))
    assert found == [f"value of {name}" for name in [*names, *names]]
    asked = [call.parameters["Names"] for call in front.calls]
    assert sorted(asked) == [names[:10], names[10:]]


def test_stacks_and_the_listing_of_exports_are_asked_for_once(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront
) -> None:
    for name in ("a", "b"):
        things.has_stack(name, {"X": f"x of {name}", "Y": f"y of {name}"}, {"X": f"{name}-x"})
    calls = [f'cfn_output("{name}", "{key}")' for name in "ab" for key in "XY"]
    calls += [f'cfn_export("{name}-x")' for name in "ab"]
    assert answers(esprestack, folder, *calls) == ["x of a", "y of a", "x of b", "y of b", "x of a", "x of b"]
    assert front.operations() == {"DescribeStacks": 2, "ListExports": 1}


def test_configs_of_one_region_share_answers_and_those_of_another_have_their_own(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront
) -> None:
    for region in (REGION, ELSEWHERE):
        things.has_parameter("host", f"of {region}", region=region)
    for rule, region in {"a": REGION, "b": ELSEWHERE, "c": REGION}.items():
        folder.write(a_config('ssm("host")', region=region, rule=rule), f"{rule}.yaml")
    said = esprestack("render", "-c", "*.yaml")
    values = [line.split(": ")[1] for line in said.out.splitlines() if "V0" in line]
    assert values == [f"'of {region}'" for region in (REGION, ELSEWHERE, REGION)]
    assert front.operations() == {"GetParameters": 2}


def test_a_diff_looks_up_once_what_the_plan_and_the_checks_need(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront
) -> None:
    things.has_parameter("host", "db.internal")
    folder.write(a_config('ssm("host")'))
    assert esprestack("diff").code == 0
    assert front.count("GetParameters") == 1


ONE_OF_EACH = [
    'ssm("host")', 'ssm("subnets", 1)', 'ssm_list("subnets", 0)', 'secretsmanager_arn("db")', 'cfn_output("net", "Vpc")',
    'cfn_export("net-vpc")', 'tfstate("output.x")', 'followed_tfstate("output.x")', 'ssm(ssm("host"))',
]  # fmt: skip


def test_offline_nobody_is_asked_and_nothing_is_missing(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    has_backend(folder, "main.tfstate")
    plugins = f"[{state('s3://states/main.tfstate')}, {state('.terraform/terraform.tfstate', 'followed_')}]"
    folder.write(a_config(*ONE_OF_EACH, plugins=plugins))
    assert esprestack("validate", "--offline").code == 0
    assert front.calls == []


def test_in_an_account_that_is_not_allowed_nothing_is_looked_up(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.write(a_config('ssm("host")', 'secretsmanager_arn("db")'))
    said = esprestack("render", "--account", "999999999999")
    assert (said.code, said.err) == (
        1,
        f"error: the credentials are of account {ACCOUNT}, allowed are 999999999999"
        " (mend the role to assume, or `allowed-account-ids`)\n",
    )
    assert set(front.operations()) == {"GetCallerIdentity"}


# -- what is missing -------------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_told_together_at_its_line(
    esprestack: Esprestack, folder: Folder, things: Things
) -> None:
    things.has_parameter("host", "db.internal")
    things.has_stack("net", {"Vpc": "vpc-1"})
    things.has_state("main.tfstate", cluster="batch")
    calls = [
        'ssm("no")', 'ssm("host")', 'ssm("not")', 'ssm("host", 0)', 'secretsmanager_arn("no")', 'cfn_output("no", "X")',
        'cfn_output("net", "Vcp")', 'cfn_export("no")', 'tfstate("output.clustr")', 'must_env("NOT_SET")',
    ]  # fmt: skip
    assert told(esprestack, folder, *calls, plugins=f"[{state('s3://states/main.tfstate')}]") == [
        f"{FIRST}: the parameter `no` doesn't exist (check name, region and account)",
        f"{FIRST + 2}: the parameter `not` doesn't exist (check name, region and account)",
        f"{FIRST + 3}: the parameter `host` is a String, which has no items (leave the index out)",
        f"{FIRST + 4}: the secret `no` doesn't exist in Secrets Manager (check name, region and account)",
        f"{FIRST + 5}: the stack `no` doesn't exist (check name, region and account)",
        f"{FIRST + 6}: the stack `net` has no output `Vcp` (it has Vpc)",
        f"{FIRST + 7}: there is no export `no` (check name, region and account)",
        f"{FIRST + 8}: `output.clustr` is not in the state s3://states/main.tfstate (did you mean `output.cluster`?)",
        f"{FIRST + 9}: the environment variable `NOT_SET` is not set "
        "(set NOT_SET in the job's `env:`, or give a default with env('NOT_SET', '…'))",
    ]


@pytest.mark.parametrize("command", [("render",), ("diff",), ("apply",), ("drift",)], ids=" ".join)
def test_no_command_goes_on_with_a_parameter_missing(
    esprestack: Esprestack, folder: Folder, front: AwsFront, command: tuple[str, ...]
) -> None:
    folder.write(a_config('ssm("no")'))
    said = esprestack(*command)
    expected = f"error: ecschedule.yaml:{FIRST}:12: the parameter `no` doesn't exist (check name, region and account)"
    assert (said.code, said.err.splitlines()) == (1, [expected])
    assert front.writes() == []


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("s3://states/no.tfstate", "NoSuchKey: The specified key does not exist."),
        ("s3://nobodys/main.tfstate", "NoSuchBucket: The specified bucket does not exist"),
    ],
)
def test_a_state_that_is_not_in_s3_is_told_wherever_it_is_asked(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront, url: str, what: str
) -> None:
    things.has_state("main.tfstate", x="value")
    found = told(esprestack, folder, 'tfstate("output.x")', 'tfstate("output.y")', plugins=f"[{state(url)}]")
    todo = "check bucket, key and the permission s3:GetObject"
    assert found == [f"{FIRST + at}: the state {url}: s3:GetObject: {what} ({todo})" for at in (0, 1)]
    assert front.count("GetObject") == 1


# -- what AWS refuses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "operation", "code", "what"),
    [
        ('ssm("a")', "GetParameters", "AccessDeniedException", "the parameter `a`: ssm:GetParameters"),
        ('secretsmanager_arn("a")', "DescribeSecret", "AccessDeniedException", "secretsmanager:DescribeSecret"),
        ('cfn_output("a", "x")', "DescribeStacks", "AccessDenied", "cloudformation:DescribeStacks"),
        ('cfn_export("a")', "ListExports", "AccessDenied", "cloudformation:ListExports"),
        ('tfstate("a.b")', "GetObject", "AccessDenied", "the state s3://states/main.tfstate: s3:GetObject"),
    ],
)
def test_what_may_not_be_asked_is_told_with_the_permission_that_is_missing(
    esprestack: Esprestack, folder: Folder, front: AwsFront, call: str, operation: str, code: str, what: str
) -> None:
    front.fail(operation, code, "Not authorized.", status=403, times=None)
    permission = what.rpartition(": ")[2]
    assert told(esprestack, folder, call, plugins=f"[{state('s3://states/main.tfstate')}]") == [
        f"{FIRST}: {what}: {code}: Not authorized. (allow {permission} in the policy of the role that runs esprestack)"
    ]


def test_a_parameter_that_may_not_be_asked_for_spoils_no_other(
    esprestack: Esprestack, folder: Folder, things: Things, front: AwsFront
) -> None:
    for name in ("a", "b", "denied"):
        things.has_parameter(name, "value")
    front.fail("GetParameters", "AccessDeniedException", times=None, where=lambda asked: "denied" in asked["Names"])
    (found,) = told(esprestack, folder, 'ssm("a")', 'ssm("denied")', 'ssm("b")')
    assert found.startswith(f"{FIRST + 1}: the parameter `denied`: ssm:GetParameters: AccessDeniedException")


def test_credentials_that_are_gone_are_told_once(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    for operation in ("GetParameters", "DescribeSecret", "DescribeStacks"):
        front.fail(operation, "ExpiredTokenException", "The token is expired.", times=None)
    folder.write(a_config('ssm("a")', 'secretsmanager_arn("a")', 'cfn_output("a", "x")'))
    said = esprestack("diff")
    (line,) = said.err.splitlines()
    assert said.code == 1
    assert "ExpiredTokenException" in line
    assert "the credentials are not valid (any more)" in line


@pytest.mark.parametrize("call", ['tfstate("output.x")', 'tfstate("output.x") ~ "y"'])
def test_credentials_that_are_gone_are_told_where_a_file_leads_to_s3_too(
    esprestack: Esprestack, folder: Folder, front: AwsFront, call: str
) -> None:
    """The file is read while the template is rendered, by calls alone or by all of Jinja."""
    front.fail("GetObject", "ExpiredToken", times=None)
    has_backend(folder, "main.tfstate")
    folder.write(a_config(call, plugins=f"[{state('.terraform/terraform.tfstate')}]"))
    said = esprestack("diff")
    assert (said.code, "error: s3:GetObject: ExpiredToken" in said.err) == (1, True)
