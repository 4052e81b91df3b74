"""What templates can look up by name: environment, secrets, variables; and what they must not see."""

import pytest

from esprestack.config.lookups.base import LookupMissError
from esprestack.config.lookups.environment import DENIED, Environment, is_denied
from esprestack.config.lookups.given import Secrets, Variables
from esprestack.secrets import Vault

# -- env and must_env ------------------------------------------------------------------------------------------


def test_env_is_the_first_variable_that_is_set_and_not_empty() -> None:
    environment = Environment({"EMPTY": "", "STAGE": "prod", "OTHER": "other"})
    assert environment.env("STAGE", "dev") == "prod"
    assert environment.env("MISSING", "EMPTY", "STAGE", "OTHER", "dev") == "prod"


def test_the_last_argument_of_env_is_the_default_as_in_ecschedule() -> None:
    environment = Environment({"EMPTY": "", "STAGE": "prod"})
    assert environment.env("MISSING", "dev") == "dev"
    assert environment.env("EMPTY", "") == ""
    assert environment.env("MISSING", "STAGE") == "STAGE"
    assert environment.env("STAGE") == "STAGE"


def test_must_env_is_the_variable_even_if_it_is_empty() -> None:
    environment = Environment({"EMPTY": "", "STAGE": "prod"})
    assert environment.must_env("STAGE") == "prod"
    assert environment.must_env("EMPTY") == ""


def test_a_variable_that_must_be_set_is_missed_by_name() -> None:
    with pytest.raises(LookupMissError) as miss:
        Environment({"stage": "prod"}).must_env("STAGE")
    assert miss.value.what == "the environment variable `STAGE` is not set"
    assert miss.value.todo == "set STAGE in the job's `env:`, or give a default with env('STAGE', '…')"
    assert miss.value.code == "not-given"


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "INPUT_SECRETS", "INPUT_GITHUB-TOKEN", "GITHUB_TOKEN", "GH_TOKEN",
        "MY_GITHUB_TOKEN", "ESPRESTACK_SECRETS", "ESPRESTACK_VARS", "GOOGLE_APPLICATION_CREDENTIALS", "NPM_TOKEN",
        "NODE_AUTH_TOKEN", "TF_TOKEN_app_terraform_io", "VAULT_TOKEN", "aws_secret_access_key", "Github_Token",
    ],
)  # fmt: skip
def test_variables_that_hold_credentials_cannot_be_read(name: str) -> None:
    environment = Environment({name: "hunter22"})
    for function, arguments in ((environment.must_env, (name,)), (environment.env, (name, "default"))):
        with pytest.raises(LookupMissError) as miss:
            function(*arguments)
        assert miss.value.code == "denied"
        assert miss.value.what == (f"templates may not read the environment variable `{name}`: it can hold credentials")
        assert "hunter22" not in miss.value.what + miss.value.todo


def test_a_denied_name_is_refused_even_where_another_would_answer_first() -> None:
    """So a config's errors don't depend on the machine."""
    environment = Environment({"STAGE": "prod"})
    assert environment.env("STAGE", "GITHUB_TOKEN") == "prod"  # the last one is a default, and is not read
    with pytest.raises(LookupMissError):
        environment.env("GITHUB_TOKEN", "STAGE", "dev")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION", "GITHUB_SHA", "GITHUB_REF_NAME", "STAGE", "PATH"])
def test_names_of_regions_and_all_else_can_be_read(name: str) -> None:
    assert Environment({name: "x"}).must_env(name) == "x"
    assert not is_denied(name)


def test_every_denied_pattern_is_upper_case() -> None:
    assert [pattern for pattern in DENIED if pattern != pattern.upper()] == []


def test_env_allow_narrows_what_can_be_read() -> None:
    environment = Environment({"STAGE": "prod", "APP_NAME": "shop", "HOME": "/home"}, ["STAGE", "APP_*"])
    assert environment.must_env("STAGE") == "prod"
    assert environment.must_env("APP_NAME") == "shop"
    with pytest.raises(LookupMissError) as miss:
        environment.env("HOME", "default")
    assert miss.value.what == "the environment variable `HOME` is not among those that `env-allow` names"
    assert (miss.value.todo, miss.value.code) == ("add HOME to `env-allow`", "denied")


def test_env_allow_is_exact_about_case() -> None:
    with pytest.raises(LookupMissError):
        Environment({"stage": "prod"}, ["STAGE"]).must_env("stage")


def test_env_allow_cannot_allow_what_is_denied() -> None:
    with pytest.raises(LookupMissError) as miss:
        Environment({"GITHUB_TOKEN": "hunter22"}, ["*", "GITHUB_TOKEN"]).must_env("GITHUB_TOKEN")
    assert miss.value.code == "denied"


def test_env_needs_a_name() -> None:
    with pytest.raises(LookupMissError, match="`env` needs a name"):
        Environment({}).env()


# -- secret ----------------------------------------------------------------------------------------------------


def test_a_secret_leaves_sealed() -> None:
    vault = Vault()
    seal = Secrets({"DB_PASSWORD": "hunter22"}, vault).secret("DB_PASSWORD")
    assert "hunter22" not in seal
    assert vault.open(seal) == "hunter22"


def test_names_of_secrets_have_no_case_as_on_github() -> None:
    vault = Vault()
    secrets = Secrets({"Db_Password": "hunter22"}, vault)
    assert vault.open(secrets.secret("db_password")) == vault.open(secrets.secret("DB_PASSWORD")) == "hunter22"


def test_an_empty_secret_is_given() -> None:
    vault = Vault()
    assert vault.open(Secrets({"EMPTY": ""}, vault).secret("EMPTY")) == ""


def test_a_secret_that_is_not_given_is_missed_by_name() -> None:
    with pytest.raises(LookupMissError) as miss:
        Secrets({"DB_PASSWORD": "hunter22"}, Vault()).secret("API_KEY")
    assert miss.value.what == "the secret `API_KEY` is not given"
    assert miss.value.todo == (
        "hand it over with `secrets: ${{ toJSON(secrets) }}`, or in ESPRESTACK_SECRETS on the command line"
    )
    assert miss.value.code == "not-given"


def test_a_secret_that_is_nearly_given_is_named_and_its_value_is_not() -> None:
    with pytest.raises(LookupMissError) as miss:
        Secrets({"DB_PASSWORD": "hunter22", "HUNTER22": "x"}, Vault()).secret("DB_PASSWRD")
    assert miss.value.todo == "did you mean `DB_PASSWORD`?"


# -- var -------------------------------------------------------------------------------------------------------


def test_a_variable_is_its_value() -> None:
    variables = Variables({"stage": "prod", "EMPTY": ""})
    assert variables.var("STAGE") == variables.var("stage") == "prod"
    assert variables.var("EMPTY") == ""


def test_a_variable_that_is_not_given_is_missed_by_name() -> None:
    with pytest.raises(LookupMissError) as miss:
        Variables({}).var("STAGE")
    assert miss.value.what == "the variable `STAGE` is not given"
    assert miss.value.todo == (
        "hand it over with `vars: ${{ toJSON(vars) }}`, or in ESPRESTACK_VARS on the command line"
    )


def test_a_variable_that_is_nearly_given_is_named() -> None:
    with pytest.raises(LookupMissError) as miss:
        Variables({"SUBNET_IDS": "x"}).var("SUBNET_ID")
    assert miss.value.todo == "did you mean `SUBNET_IDS`?"


# -- what templates call ---------------------------------------------------------------------------------------


def test_the_functions_that_templates_call() -> None:
    assert set(Environment({}).functions) == {"env", "must_env"}
    assert set(Secrets({}, Vault()).functions) == {"secret"}
    assert set(Variables({}).functions) == {"var"}
