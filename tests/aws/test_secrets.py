"""Secrets reach AWS exactly, and nobody else: no command prints one, in no form, whatever the format."""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from tests.aws.account import CLUSTER, REGION, Account, a_target, just_before
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack, Said
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

SEALED = "pa\"ss'w: örd\n- and: {{ more }}\t#x\\y"
"""Given by secret(): quotes, a colon, line breaks and braces would each break the YAML around it."""

TYPED = "typed-literally-77"
"""A secret that somebody typed into the config: known from ESPRESTACK_SECRETS alone."""

BY_NAME = "only: its 'name' tells"
"""Given by must_env and in no list of secrets: its name, DB_PASSWORD, looks like a secret's."""

OLD = "the-value-before"
"""What stands in AWS under a secret's name before the apply."""

EVERY = {"sealed": SEALED, "typed": TYPED, "by name": BY_NAME, "old": OLD}

CONFIG = """\
region: eu-central-1
cluster: jobs
rules:
- name: nightly
  description: Signs in with TYPED
  scheduleExpression: rate(1 day)
  taskDefinition: app
  containerOverrides:
  - name: app
    command: [bin/report, --key, TYPED, '--password={{ secret("SEALED") }}', '{{ secret("SEALED") }}']
    environment:
      API_URL: 'https://user:TYPED@example.com/'
      DB_PASSWORD: "{{ must_env("DB_PASSWORD") }}"
      PAIR: '{{ secret("typed") }}:{{ secret("SEALED") }}'
      PLAIN: '{{ secret("SEALED") }}'
      WITHIN: 'before {{ secret("SEALED") }} after'
""".replace("TYPED", TYPED)


@pytest.fixture(autouse=True)
def given_secrets(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"SEALED": SEALED, "TYPED": TYPED}))
    environment.setenv("DB_PASSWORD", BY_NAME)


@pytest.fixture
def config(folder: Folder) -> None:
    folder.write(CONFIG)


def forms(value: str) -> Iterator[str]:
    """The ways in which a value could be told: as it is, line by line, escaped or encoded."""
    raw = value.encode()
    yield value
    yield from (line.strip() for line in value.splitlines())
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(value))[1:-1]
    yield value.replace("'", "''")
    yield urllib.parse.quote(value, safe="")
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")


def assert_tells_nothing(said: Said) -> None:
    for text in (said.out, said.err):
        leaks = [name for name, value in EVERY.items() for form in forms(value) if form in text]
        assert leaks == [], text
        assert not any("\ue000" <= character <= "\uf8ff" for character in text), "a seal was printed"


def live_before(account: Account) -> None:
    """The rule as it was before: with other secrets, under names that tell that they are."""
    environment = [{"name": "DB_PASSWORD", "value": OLD}, {"name": "PLAIN", "value": TYPED}]
    container = {"name": "app", "command": ["bin/report", "--password", OLD], "environment": environment}
    override = json.dumps({"containerOverrides": [container]})
    account.has_rule("nightly", targets=[a_target("nightly", Input=override)], Description=f"Before, with {TYPED}")


COMMANDS = [
    *((command, "--format", form) for command in ("diff", "apply", "drift") for form in ("text", "markdown", "json")),
    *(("apply", "--dry-run", "--format", form) for form in ("text", "markdown", "json")),
    ("diff", "--format", "json", "--prune"),
    ("validate",),
    ("dump", "--cluster", CLUSTER, "--region", REGION),
]
OFFLINE_COMMANDS = [("validate", "--offline"), ("validate", "--offline", "--format", "json"), ("render",)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("before", ["nothing", "other secrets", "the same"])
def test_no_command_tells_a_secret(
    esprestack: Esprestack, account: Account, config: None, before: str, command: tuple[str, ...]
) -> None:
    if before == "other secrets":
        live_before(account)
    elif before == "the same":
        assert esprestack("apply").code == 0
    said = esprestack(*command)
    assert "this is a bug" not in said.err
    assert said.out
    assert_tells_nothing(said)


@pytest.mark.parametrize("command", OFFLINE_COMMANDS, ids=" ".join)
def test_no_offline_command_tells_a_secret(esprestack: Esprestack, config: None, command: tuple[str, ...]) -> None:
    said = esprestack(*command)
    assert said.code == 0
    assert_tells_nothing(said)


def test_secrets_reach_aws_exactly(esprestack: Esprestack, account: Account, config: None) -> None:
    assert esprestack("apply").code == 0
    assert account.environment() == {
        "API_URL": f"https://user:{TYPED}@example.com/",
        "DB_PASSWORD": BY_NAME,
        "PAIR": f"{TYPED}:{SEALED}",
        "PLAIN": SEALED,
        "WITHIN": f"before {SEALED} after",
    }
    (container,) = account.override()["containerOverrides"]
    assert container["command"] == ["bin/report", "--key", TYPED, f"--password={SEALED}", SEALED]
    assert account.rule()["Description"] == f"Signs in with {TYPED}"
    assert esprestack("diff", "--exit-code").code == 0


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("1", id="one character"),
        pytest.param("null", id="a word of YAML"),
        pytest.param("  padded  ", id="white space around it"),
        pytest.param("first\nsecond\n", id="lines"),
        pytest.param("first\r\nsecond", id="lines of Windows"),
        pytest.param("- a\n- b: c", id="YAML"),
        pytest.param('{"json": ["yes"]}', id="JSON"),
        pytest.param("{{ secret('OTHER') }}", id="a template"),
        pytest.param("日本語 🍵", id="beyond ASCII"),
        pytest.param("\\n\\t\\", id="back slashes"),
    ],
)
def test_any_value_reaches_aws_exactly(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch, value: str
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"VALUE": value}))
    container = {"name": "app", "environment": {"VALUE": '{{ secret("VALUE") }}'}}
    folder.config(a_rule("nightly", containerOverrides=[container]))
    assert esprestack("apply").code == 0
    assert account.environment() == {"VALUE": value}
    assert esprestack("diff", "--exit-code").code == 0


def test_a_short_secret_does_not_blacken_a_report(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"ONE": "1", "NONE": ""}))
    folder.config()
    assert "scheduleExpression: rate(1 day)\n" in esprestack("diff").out


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"environment": {"LOGIN": '{{ secret("USER") }}:{{ secret("WORD") }}'}}, id="two secrets"),
        pytest.param({"environment": {"LOGIN": 'user:{{ secret("WORD") }}'}}, id="a secret with text"),
        pytest.param({"command": ["run", 'user:{{ secret("WORD") }}']}, id="an argument"),
        pytest.param({"command": ["run", '{{ secret("USER") }}:{{ secret("WORD") }}']}, id="two in an argument"),
    ],
)
def test_a_part_of_a_value_that_was_renewed_is_not_told(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, keys: dict[str, Any], form: str
) -> None:
    folder.config(a_rule("nightly", containerOverrides=[{"name": "app", **keys}]))
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"USER": "somebody", "WORD": "word-of-yesterday"}))
    assert esprestack("apply").code == 0
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"USER": "somebody", "WORD": "word-of-today"}))
    said = esprestack("diff", "--format", form)
    assert "word-of-yesterday" not in said.out
    assert "word-of-today" not in said.out


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
@pytest.mark.parametrize("command", ["diff", "apply", "drift"])
def test_a_secret_that_was_renewed_tells_neither_value(
    esprestack: Esprestack, environment: pytest.MonkeyPatch, config: None, command: str, form: str
) -> None:
    """Nobody hands the old value over any more, but it stands where the new one will."""
    assert esprestack("apply").code == 0
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"SEALED": "quite-another", "TYPED": TYPED}))
    said = esprestack(command, "--format", form)
    assert "quite-another" not in said.out
    assert_tells_nothing(said)


def test_a_secret_that_was_renewed_is_said_to_change(
    esprestack: Esprestack, environment: pytest.MonkeyPatch, config: None
) -> None:
    assert esprestack("apply").code == 0
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"SEALED": "quite-another", "TYPED": TYPED}))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "    -      PLAIN: (secret)\n" in diff.out
    assert "    +      PLAIN: (secret, changed)\n" in diff.out


def test_a_secret_that_stays_is_no_difference(esprestack: Esprestack, config: None) -> None:
    assert esprestack("apply").code == 0
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, "")


def test_a_report_shows_where_a_secret_stands(esprestack: Esprestack, account: Account, config: None) -> None:
    live_before(account)
    diff = esprestack("diff")
    for line in (
        "API_URL: https://user:(secret)@example.com/",
        "DB_PASSWORD: (secret)",
        "DB_PASSWORD: (secret, changed)",
        "WITHIN: before (secret) after",
    ):
        assert line in diff.out


@pytest.mark.parametrize(
    "names", [(), ("--secret-name", "*_GREETING")], ids=["by the built-in patterns", "by a pattern of the user's"]
)
def test_names_that_look_like_a_secrets_hide_their_values(
    esprestack: Esprestack, folder: Folder, names: tuple[str, ...]
) -> None:
    name = "MY_GREETING" if names else "MY_TOKEN"
    container = {"name": "app", "environment": {name: "hello-out-there", "OTHER": "plain"}}
    folder.config(a_rule("nightly", containerOverrides=[container], tags={name: "hello-out-there"}))
    said = esprestack("diff", *names)
    assert "hello-out-there" not in said.out
    assert "OTHER: plain" in said.out
    if names:
        assert "hello-out-there" in esprestack("diff").out


def test_passwords_in_urls_are_hidden(esprestack: Esprestack, folder: Folder) -> None:
    urls = "https://user:first-word@one.example https://user:second-word@two.example"
    container = {"name": "app", "environment": {"URLS": urls}, "command": ["copy", urls]}
    folder.config(a_rule("nightly", containerOverrides=[container], description=urls))
    for form in ("text", "markdown", "json"):
        said = esprestack("diff", "--format", form)
        assert "first-word" not in said.out
        assert "second-word" not in said.out
        assert "one.example" in said.out


# -- what AWS says back ----------------------------------------------------------------------------------------


@pytest.mark.of_rules
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_an_error_of_aws_that_quotes_a_secret_does_not_tell_it(
    esprestack: Esprestack, front: AwsFront, config: None, form: str
) -> None:
    quoted = f"Input is not valid: {SEALED} | {json.dumps(SEALED)} | {TYPED}"
    front.fail("PutTargets", "ValidationException", quoted, times=None)
    said = esprestack("apply", "--format", form)
    assert said.code == 1
    assert "Input is not valid: (secret)" in said.err
    assert_tells_nothing(said)


@pytest.mark.of_rules
def test_failed_entries_that_quote_a_secret_do_not_tell_it(
    esprestack: Esprestack, front: AwsFront, config: None
) -> None:
    front.fail_entries("PutTargets", "ValidationException", f"Not valid: {SEALED}", times=None)
    said = esprestack("apply")
    assert said.code == 1
    assert_tells_nothing(said)


@pytest.mark.of_rules
def test_an_error_of_aws_that_quotes_a_value_hidden_by_its_name_does_not_tell_it(
    esprestack: Esprestack, front: AwsFront, config: None
) -> None:
    front.fail("PutTargets", "ValidationException", f"Not valid: {BY_NAME}", times=None)
    said = esprestack("apply")
    assert said.code == 1
    assert_tells_nothing(said)


@pytest.mark.of_rules
def test_a_write_that_aws_does_not_keep_is_reported_without_the_secret(
    esprestack: Esprestack, account: Account, front: AwsFront, config: None
) -> None:
    just_before(front, "ListRules", lambda: account.events.put_targets(Rule="nightly", Targets=[a_target()]), nth=2)
    said = esprestack("apply")
    assert said.code == 1
    assert "`nightly` was written, but AWS says otherwise in " in said.err
    assert_tells_nothing(said)


# -- what is wrong with the config -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"taskCount": "{}"}, id="no number"),
        pytest.param({"launch_type": "{}"}, id="none of the words"),
        pytest.param({"targetId": "{}"}, id="no name"),
        pytest.param({"disabled": "{}"}, id="no flag"),
        pytest.param({"containerOverrides": "{}"}, id="no list"),
        pytest.param({"name": "{}"}, id="no rule's name"),
    ],
)
@pytest.mark.parametrize("value", ['{{ secret("SEALED") }}', TYPED + "!"], ids=["sealed", "typed"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_about_a_value_does_not_tell_it(
    esprestack: Esprestack, folder: Folder, keys: dict[str, Any], value: str, form: str
) -> None:
    folder.config(a_rule(**{key: text.format(value) for key, text in keys.items()}))
    said = esprestack("validate", "--offline", "--format", form)
    assert said.code == 1
    assert_tells_nothing(said)


def test_broken_yaml_around_a_secret_does_not_tell_it(esprestack: Esprestack, folder: Folder) -> None:
    folder.write(f'cluster: jobs\nrules:\n- name: "{TYPED}\n  {{{{ secret("SEALED") }}}}: [\n')
    for command in (("validate",), ("render",), ("-v", "diff")):
        assert_tells_nothing(esprestack(*command))


def test_a_secret_that_is_a_key_is_refused_without_telling_it(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule("nightly", tags={'{{ secret("SEALED") }}': "x"}))
    said = esprestack("diff")
    assert said.code == 1
    assert "a secret can't be a key" in said.err
    assert_tells_nothing(said)


def test_a_secret_that_a_filter_cut_is_refused(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule("nightly", description='{{ secret("SEALED")[:2] }}'))
    said = esprestack("diff")
    assert said.code == 1
    assert "a secret was changed by a filter and can't be opened any more" in said.err
    assert_tells_nothing(said)


@pytest.mark.parametrize(
    "name",
    ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN", "INPUT_SECRETS"],
)
@pytest.mark.parametrize("call", ['env("NAME", "")', 'must_env("NAME")'])
def test_the_credentials_of_the_job_are_no_variables_of_a_template(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, call: str, name: str
) -> None:
    environment.setenv(name, "made-up-credential")
    folder.config(a_rule("nightly", description=f"{{{{ {call.replace('NAME', name)} }}}}"))
    said = esprestack("render")
    assert said.code == 1
    assert f"templates may not read the environment variable `{name}`" in said.err
    assert "made-up-credential" not in said.out + said.err
