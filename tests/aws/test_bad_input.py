"""Whatever is wrong, somebody reads one clear error: what, where, and what to do; and nothing was written."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.aws.account import ACCOUNT, CLUSTER, REGION, Account
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import ClientCache, Esprestack, Said
from tests.support.aws_front import AwsFront

from esprestack.aws import Aws
from esprestack.errors import AwsError
from esprestack.rule import Home
from esprestack.secrets import Vault

HOMES = tuple(Home)

COMMANDS = [("diff",), ("apply",), ("drift",), ("validate",)]

SIGN_IN = "run aws-actions/configure-aws-credentials before this step"


def the_error(said: Said) -> str:
    """The one error of a command that ended with 1, said on stderr without a traceback."""
    assert said.code == 1
    assert "Traceback" not in said.out + said.err
    assert "this is a bug" not in said.err
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, said.err
    return errors[0].removeprefix("error: ")


@pytest.fixture(autouse=True)
def nothing_was_written(front: AwsFront) -> Iterator[None]:
    yield
    assert front.writes() == []


# -- the config ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_no_config_file(esprestack: Esprestack, folder: Folder, command: tuple[str, ...]) -> None:
    error = the_error(esprestack(*command))
    assert "no config file: none of ecschedule.yaml, ecschedule.yml, ecschedule.json" in error
    assert str(folder.path) in error
    assert "name it with --config" in error


def test_a_config_file_that_is_not_there(esprestack: Esprestack) -> None:
    assert "no config file matches `missing.yaml`" in the_error(esprestack("diff", "-c", "missing.yaml"))


def test_a_glob_that_matches_nothing(esprestack: Esprestack) -> None:
    assert "no config file matches `jobs/*.yaml`" in the_error(esprestack("diff", "-c", "jobs/*.yaml"))


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n", "null\n"])
def test_an_empty_config(esprestack: Esprestack, folder: Folder, text: str) -> None:
    folder.write(text)
    error = the_error(esprestack("apply"))
    assert error == "ecschedule.yaml: the config is empty (it needs at least `cluster:` and a list `rules:`)"


@pytest.mark.of_rules
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("cluster: jobs\nrules:\n- name: a\n   scheduleExpression: rate(1 day)\n", "ecschedule.yaml:4:"),
        ("cluster: jobs\nrules: [\n", "ecschedule.yaml:3:1"),
        ("cluster: 'jobs\n", "ecschedule.yaml:2:1"),
        ("cluster: jobs\nrules:\n- name: a\n  command: @x\n", "ecschedule.yaml:4:12"),
    ],
)
def test_broken_yaml(esprestack: Esprestack, folder: Folder, text: str, place: str) -> None:
    folder.write(text)
    error = the_error(esprestack("apply"))
    assert error.startswith(place)
    assert "broken YAML: " in error
    assert "mend the indentation or quote the value" in error


def test_broken_json(esprestack: Esprestack, folder: Folder) -> None:
    folder.write('{"cluster": "jobs",\n "rules": [}', "ecschedule.json")
    assert the_error(esprestack("apply")).startswith("ecschedule.json:2:12: broken JSON: ")


def test_a_config_that_is_not_utf8(esprestack: Esprestack, folder: Folder) -> None:
    (folder.path / "ecschedule.yaml").write_bytes(b"cluster: jobs\ndescription: \xff\n")
    assert the_error(esprestack("apply")) == "ecschedule.yaml: is not UTF-8 (byte 28) (save it as UTF-8)"


def test_all_errors_of_a_config_at_once(esprestack: Esprestack, folder: Folder) -> None:
    folder.write(
        f"""\
region: {REGION}
cluster: {CLUSTER}
rules:
- name: one
  descripton: A typo
  scheduleExpression: rate(1 day)
  taskDefinition: app
- name: two
  scheduleExpression: rate(1 day)
  taskDefinition: app
  taskCount: many
- name: one
  scheduleExpression: rate(1 day)
  taskDefinition: app
"""
    )
    said = esprestack("apply")
    assert said.code == 1
    first = "ecschedule.yaml:4:9"
    assert said.err.splitlines() == [
        "error: ecschedule.yaml:5:3: `descripton` is not a key of a rule (did you mean `description`?)",
        "error: ecschedule.yaml:11:14: `taskCount` must be a whole number, not `many`",
        f"error: ecschedule.yaml:12:9: the rule name `one` stands twice, first at {first} (rename or remove one)",
    ]


def test_two_spellings_of_one_key(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule("nightly", launch_type="EC2", launchType="FARGATE"))
    error = the_error(esprestack("apply"))
    assert error.startswith("ecschedule.yaml:8:3: ")
    assert "`launchType`" in error
    assert "`launch_type`" in error
    assert "did you mean `launchType`" not in error


@pytest.mark.of_rules
@pytest.mark.parametrize("key", ["ecschedule:tracking-id", "aws:cloudformation:stack-name"])
def test_a_tag_of_the_rule_that_is_not_the_configs_to_set(esprestack: Esprestack, folder: Folder, key: str) -> None:
    """AWS refuses `aws:`, and the tracking tag is written from `trackingId`."""
    folder.config(a_rule("nightly", ruleTags={key: "mine"}))
    error = the_error(esprestack("diff"))
    assert error.startswith("ecschedule.yaml:8:")
    assert f"`{key}`" in error


# -- names and values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("diff",), ("apply",)])
def test_a_rule_that_no_config_has(esprestack: Esprestack, folder: Folder, command: tuple[str, ...]) -> None:
    folder.config(a_rule("nightly-report"), a_rule("weekly"))
    error = the_error(esprestack(*command, "--rule", "nightly-raport"))
    assert error == "no config has a rule `nightly-raport` (did you mean `nightly-report`?)"


@pytest.mark.parametrize("command", [*COMMANDS, ("render",)])
@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('var("STAGE")', "the variable `STAGE` is not given (hand it over with `vars: ${{ toJSON(vars) }}`, "),
        ('secret("DB_PASSWORD")', "the secret `DB_PASSWORD` is not given (hand it over with `secrets: "),
        ("must_env `STAGE`", "the environment variable `STAGE` is not set (set STAGE in the job's `env:`, "),
        ("STAGE", "`STAGE` is not defined"),
    ],
)
def test_something_undefined(
    esprestack: Esprestack, folder: Folder, command: tuple[str, ...], call: str, said: str
) -> None:
    folder.write(f"region: {REGION}\ncluster: {CLUSTER}\nrules: []\nrole: '{{{{ {call} }}}}'\n")
    error = the_error(esprestack(*command))
    assert error.startswith(f"ecschedule.yaml:4:8: {said}")


def test_a_secret_that_is_nearly_given(esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ESPRESTACK_SECRETS", '{"DB_PASSWORD": "hunter22"}')
    folder.config(a_rule("nightly", description='{{ secret("DB_PASWORD") }}'))
    error = the_error(esprestack("diff"))
    assert "the secret `DB_PASWORD` is not given (did you mean `DB_PASSWORD`?)" in error
    assert "hunter22" not in error


@pytest.mark.parametrize("variable", ["ESPRESTACK_SECRETS", "ESPRESTACK_VARS"])
@pytest.mark.parametrize("text", ['{"DB_PASSWORD": "hunter22"', '["hunter22"]', "hunter22"])
def test_secrets_that_are_no_json_object_are_not_quoted(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    environment.setenv(variable, text)
    folder.config()
    said = esprestack("diff")
    assert the_error(said).startswith(f"{variable} is no JSON")
    assert "hunter22" not in said.out + said.err


def test_an_env_file_that_is_not_there(esprestack: Esprestack, folder: Folder) -> None:
    folder.config()
    assert "missing.env: the env file can't be read" in the_error(esprestack("diff", "--envfile", "missing.env"))


def test_an_option_that_does_not_exist(esprestack: Esprestack) -> None:
    said = esprestack("diff", "--prnue")
    assert said.code == 1
    assert "No such option" in said.err
    assert "--prune" in said.err


def test_a_task_definition_that_does_not_exist_is_told_at_its_line(esprestack: Esprestack, folder: Folder) -> None:
    folder.write(
        f"""\
region: {REGION}
cluster: {CLUSTER}
rules:
- name: fine
  scheduleExpression: rate(1 day)
  taskDefinition: app
- name: nightly
  scheduleExpression: rate(1 day)
  taskDefinition: ap
"""
    )
    expected = (
        "ecschedule.yaml:9:19: the task definition `ap` of the rule `nightly` doesn't exist "
        f"(register it in {REGION}, or mend the name) [no-task-definition]"
    )
    for command in (("diff",), ("validate", "--allow", "no-role")):
        assert the_error(esprestack(*command)) == expected
    said = esprestack("apply")
    assert said.code == 1
    assert said.err == f"error: {expected}\nerror: nothing was changed\n"


@pytest.mark.parametrize("name", ["app:99", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/app:99"])
def test_a_revision_that_does_not_exist(esprestack: Esprestack, folder: Folder, name: str) -> None:
    folder.config(a_rule("nightly", taskDefinition=name))
    error = the_error(esprestack("diff"))
    assert error.startswith("ecschedule.yaml:6:19: the task definition `app:99` of the rule `nightly` doesn't exist")


# -- AWS -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_no_region(esprestack: Esprestack, folder: Folder, command: tuple[str, ...]) -> None:
    folder.config(region=None)
    error = the_error(esprestack(*command))
    assert error == "no AWS region is known (add `region:` to the config or set AWS_REGION)"


@pytest.mark.parametrize("region", ["eu central 1", "eu_central_1", "-"])
def test_a_region_that_cannot_be_one(esprestack: Esprestack, folder: Folder, region: str) -> None:
    folder.config(region=region)
    assert "region" in the_error(esprestack("diff"))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_credentials(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    folder.config()
    error = the_error(esprestack(*command))
    assert error.startswith("no AWS credentials: ")
    assert SIGN_IN in error


def test_half_of_the_credentials(esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    folder.config()
    assert the_error(esprestack("diff")).startswith("no AWS credentials: ")


def test_a_profile_that_does_not_exist(esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_PROFILE", "nobody")
    folder.config()
    error = the_error(esprestack("diff"))
    assert "nobody" in error
    assert SIGN_IN in error


@pytest.mark.parametrize(
    "code", ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException"]
)
def test_credentials_that_are_not_valid_any_more(
    esprestack: Esprestack, folder: Folder, front: AwsFront, code: str
) -> None:
    folder.config()
    for operation in ("ListRules", "GetResources", "GetCallerIdentity"):
        front.fail(operation, code, "The security token is expired.", times=None)
    error = the_error(esprestack("apply"))
    assert f"{code}: The security token is expired. (the credentials are not valid (any more): in GitHub" in error
    assert SIGN_IN in error


@pytest.mark.of_rules
@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("ListRules", "events:ListRules"),
        ("ListTargetsByRule", "events:ListTargetsByRule"),
        ("ListTagsForResource", "events:ListTagsForResource"),
    ],
)
def test_a_call_that_is_denied(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, operation: str, action: str
) -> None:
    account.has_rule("nightly", tracked_by=None)
    folder.config()
    front.fail(operation, "AccessDeniedException", "User is not authorized.", times=None)
    error = the_error(esprestack("apply"))
    assert error.startswith(action)
    assert "AccessDeniedException: User is not authorized." in error
    assert f"(allow {action} in the policy of the role that runs esprestack)" in error


@pytest.mark.of_rules
def test_a_write_that_is_denied_names_the_rule(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config()
    front.fail("PutRule", "AccessDeniedException", "User is not authorized.", times=None)
    error = the_error(esprestack("apply"))
    assert error.startswith(
        "ecschedule.yaml:4:9: create of `nightly` failed: events:PutRule of `nightly`: AccessDenied"
    )
    assert "(allow events:PutRule in the policy of the role that runs esprestack)" in error
    assert account.names() == []
    front.clear()  # the refused write


def a_closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("command", COMMANDS)
def test_no_network(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    folder.config()
    endpoint = a_closed_port()
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    error = the_error(esprestack(*command))
    assert endpoint in error
    assert "AWS can't be reached" in error
    assert "(check network, proxy and region)" in error


@pytest.mark.parametrize("gone", ["network", "credentials"])
def test_what_ends_every_call_is_final(environment: pytest.MonkeyPatch, gone: str) -> None:
    """An apply doesn't try it again for every rule."""
    if gone == "network":
        environment.setenv("AWS_ENDPOINT_URL", a_closed_port())
    else:
        environment.delenv("AWS_ACCESS_KEY_ID")
        environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsError) as error:
        Aws(REGION, 1, Vault()).call("events", "list_rules")
    assert error.value.final


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 400), ("InternalException", 500), ("ServiceUnavailable", 503)]
)
def test_a_call_that_fails_at_last(
    esprestack: Esprestack, folder: Folder, front: AwsFront, client_cache: ClientCache, code: str, status: int
) -> None:
    folder.config()
    front.fail("ListRules", code, "Try later.", status=status, times=None)
    assert the_error(esprestack("diff")).startswith(f"events:ListRules: {code}: Try later.")
    client_cache.forget()  # a client that was throttled takes its time from then on


def test_an_aws_that_does_not_speak_json(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch
) -> None:
    """A captive portal, or a proxy with an error page of its own."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Please sign in to this network</html>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            pass

    folder.config()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        said = esprestack("diff")
        server.shutdown()
        thread.join()
    assert the_error(said)


def test_a_config_error_goes_before_one_of_aws(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_ENDPOINT_URL", a_closed_port())
    folder.config(a_rule("nightly", taskCount="many"))
    assert "`taskCount` must be a whole number" in the_error(esprestack("diff"))


def test_offline_validation_needs_no_aws(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, front: AwsFront
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment.delenv(name)
    folder.config(region=None)
    said = esprestack("validate", "--offline")
    assert (said.code, said.out, said.err, front.calls) == (0, "The configs are fine\n", "", [])


# -- more on demand --------------------------------------------------------------------------------------------


def test_v_shows_a_traceback(esprestack: Esprestack, folder: Folder) -> None:
    said = esprestack("-v", "diff")
    assert said.code == 1
    assert "Traceback" in said.err


def test_v_shows_no_secret(esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ESPRESTACK_SECRETS", '{"WORD": "hunter22"}')
    folder.config(a_rule("nightly", taskCount='{{ secret("WORD") }}'))
    said = esprestack("-v", "diff")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "hunter22" not in said.out + said.err


def test_an_unexpected_error_is_one_line_too(
    esprestack: Esprestack, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("unexpected")

    monkeypatch.setattr("esprestack.jobs.diff", broken)
    said = esprestack("diff")
    assert (said.code, said.out) == (1, "")
    assert said.err == "error: esprestack failed: ZeroDivisionError: unexpected (this is a bug; -v shows more)\n"


def test_paths_in_errors_are_those_of_the_command_line(esprestack: Esprestack, folder: Folder) -> None:
    (folder.path / "jobs").mkdir()
    folder.write("cluster: [", "jobs/batch.yaml")
    assert the_error(esprestack("diff", "-c", "jobs/*.yaml")).startswith("jobs/batch.yaml:")
