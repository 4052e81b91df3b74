"""What of a difference may be shown: secrets never, and that they change."""

import pytest
from tests.unit.builders import SCOPE, a_rule, live

from esprestack.plan.compare import Veil, compare
from esprestack.rule import ContainerOverride
from esprestack.secrets import Vault


def test_a_sealed_secret_that_is_already_there_is_no_difference() -> None:
    vault = Vault()
    seal = vault.seal("PASS", "hunter2")
    found = live(a_rule(environment={"X": "hunter2"}))
    assert compare(found, a_rule(environment={"X": seal}), SCOPE, Veil(vault)).fields == ()


def test_a_secret_of_one_character_compares_exactly_too() -> None:
    vault = Vault()
    seal = vault.seal("PIN", "1")
    assert (
        compare(live(a_rule(environment={"X": "1"})), a_rule(environment={"X": seal}), SCOPE, Veil(vault)).fields == ()
    )
    (field,) = compare(live(a_rule(environment={"X": "2"})), a_rule(environment={"X": seal}), SCOPE, Veil(vault)).fields
    assert (field.before, field.after) == ("(secret)", "(secret, changed)")


def test_a_changed_secret_says_only_that_it_changes() -> None:
    vault = Vault()
    vault.know("OLD", "old-value")
    found = live(a_rule(environment={"X": "old-value"}))
    (field,) = compare(found, a_rule(environment={"X": vault.seal("NEW", "new-value")}), SCOPE, Veil(vault)).fields
    assert (field.path, field.before, field.after) == (
        "containerOverrides[app].environment.X",
        "(secret)",
        "(secret, changed)",
    )


@pytest.mark.parametrize("name", ["DB_PASSWORD", "github_token", "API-KEY", "aws_secret", "SIGNING_KEY", "SENTRY_DSN"])
def test_values_under_a_name_that_looks_like_a_secrets_are_hidden_on_both_sides(name: str) -> None:
    found = live(a_rule(environment={name: "x1y2"}))
    comparison = compare(found, a_rule(environment={name: "v3w4"}), SCOPE, Veil(Vault()))
    shown = str(comparison)
    assert "x1y2" not in shown
    assert "v3w4" not in shown
    assert comparison.fields[0].after == "(secret, changed)"


def test_hidden_names_can_be_added() -> None:
    veil = Veil(Vault(), ("*_PIN",))
    comparison = compare(None, a_rule(environment={"DOOR_PIN": "1234"}), SCOPE, veil)
    assert "1234" not in str(comparison.after)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("run", "--password=x1y2"), ["run", "--password=(secret)"]),
        (("run", "--api-token", "x1y2", "--fast"), ["run", "--api-token", "(secret)", "--fast"]),
        (("env", "DB_PASSWORD=x1y2"), ["env", "DB_PASSWORD=(secret)"]),
        (("run", "--token", "--fast"), ["run", "--token", "--fast"]),
        (("run", "postgres://me:x1y2@db/shop"), ["run", "postgres://me:(secret)@db/shop"]),
    ],
)
def test_command_lines_hide_the_values_of_secret_options(command: tuple[str, ...], shown: list[str]) -> None:
    rule = a_rule(container_overrides=(ContainerOverride("app", command=command),))
    after = compare(None, rule, SCOPE, Veil(Vault())).after
    assert after is not None
    assert after["containerOverrides"][0]["command"] == shown


def test_fields_come_in_the_order_of_the_config_and_removed_ones_last() -> None:
    found = live(a_rule(group="g", environment={"A": "1", "B": "2"}))
    comparison = compare(found, a_rule(description="d", environment={"B": "3"}), SCOPE, Veil(Vault()))
    assert [field.path for field in comparison.fields] == [
        "description",
        "containerOverrides[app].environment.B",
        "group",
        "containerOverrides[app].environment.A",
    ]


def test_the_plan_hash_takes_a_secret_by_its_name_only() -> None:
    def marks(value: str) -> object:
        vault = Vault()
        return compare(None, a_rule(environment={"X": vault.seal("NAME", value)}), SCOPE, Veil(vault)).marks

    assert marks("one") == marks("two")
