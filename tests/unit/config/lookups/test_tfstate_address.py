"""Addresses in Terraform states: what the peer finds, and what it should have found."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esprestack.config.lookups.base import LookupMissError
from esprestack.config.lookups.tfstate import TfState, formatted
from esprestack.config.lookups.tfstate_address import Found, State, StateError
from esprestack.secrets import Sealed, Vault

GIVEN = json.loads((Path(__file__).parents[3] / "vectors" / "tfstate.json").read_text())
MAIN = json.dumps(GIVEN["states"]["main"])


def vectors(form: str) -> list[Any]:
    return [pytest.param(vector, id=vector["address"]) for vector in GIVEN["vectors"] if vector["form"] == form]


@pytest.mark.parametrize("vector", vectors("lookup"))
def test_an_address_gives_its_value(vector: dict[str, Any]) -> None:
    text = json.dumps(GIVEN["states"][vector["state"]])
    if "error" in vector:
        with pytest.raises(StateError, match=vector["error"]):
            State(text)
        return
    assert State(text).look_up(vector["address"]).value == (vector["value"] if vector["found"] else None)


def a_look_up(text: str = MAIN, vault: Vault | None = None, location: str = "terraform.tfstate") -> TfState:
    return TfState("", location, location, lambda _: text, vault or Vault(), local=True)


@pytest.mark.parametrize("vector", vectors("template"))
def test_a_template_gets_the_value_or_a_miss(vector: dict[str, Any]) -> None:
    if vector["found"]:
        assert a_look_up().tfstate(vector["address"]) == vector["value"]
    else:
        with pytest.raises(LookupMissError):
            a_look_up().tfstate(vector["address"])


def test_a_miss_asks_whether_another_address_was_meant_and_shows_no_value() -> None:
    with pytest.raises(LookupMissError) as miss:
        a_look_up().tfstate("output.cluster_nam")
    assert (miss.value.what, miss.value.todo) == (
        "`output.cluster_nam` is not in the state terraform.tfstate",
        "did you mean `output.cluster_name`?",
    )


def test_what_terraform_calls_sensitive_is_sealed() -> None:
    vault = Vault()
    found = a_look_up(vault=vault).tfstate("output.api-key-arn")
    assert isinstance(found, Sealed)
    assert vault.open(found) == GIVEN["states"]["main"]["outputs"]["api-key-arn"]["value"]
    assert not isinstance(a_look_up().tfstate("output.cluster_name"), Sealed)


def a_state(*instances: dict[str, Any]) -> State:
    resource = {"mode": "managed", "type": "db", "name": "main", "instances": list(instances)}
    return State(json.dumps({"version": 4, "resources": [resource]}))


SENSITIVE = [[{"type": "get_attr", "value": "auth"}, {"type": "get_attr", "value": "password"}]]


@pytest.mark.parametrize(
    ("address", "sensitive"),
    [
        ("db.main.auth.password", True),
        ("db.main.auth", True),
        ("db.main", True),
        ("db.main.auth.user", False),
        ("db.main.id", False),
    ],
)
def test_a_value_is_sensitive_if_a_part_of_it_is(address: str, sensitive: bool) -> None:
    attributes = {"id": "i", "auth": {"user": "u", "password": "p"}}
    state = a_state({"attributes": attributes, "sensitive_attributes": SENSITIVE})
    assert state.look_up(address).sensitive is sensitive


def test_a_part_of_a_counted_resource_is_sensitive_too() -> None:
    attributes = {"id": "i", "auth": {"user": "u", "password": "p"}}
    state = a_state(*({"index_key": at, "attributes": attributes, "sensitive_attributes": SENSITIVE} for at in (0, 1)))
    assert state.look_up("db.main[1].auth.password") == Found("p", True)
    assert state.look_up("db.main").sensitive


@pytest.mark.parametrize("rest", [" | length", " | map(.id)", "[] | .id", ' | join(",") | length'])
def test_other_programs_of_jq_are_refused(rest: str) -> None:
    with pytest.raises(StateError, match="jq is not supported") as error:
        State(MAIN).look_up(f"aws_lb.public.security_groups{rest}")
    assert "sg-" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it isn't JSON"),
        ("<html>", "it isn't JSON"),
        ("[" * 100_000, "it isn't JSON"),
        ("[]", "it is no Terraform state"),
        ('{"version": "4"}', "it is no Terraform state"),
        ('{"version": 3}', "unsupported state version 3"),
    ],
)
def test_what_is_no_state_is_told(text: str, what: str) -> None:
    with pytest.raises(LookupMissError) as miss:
        a_look_up(text).tfstate("a.b.c")
    assert miss.value.what == f"the state terraform.tfstate: {what}"


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"version": st.just(4)},
        optional={
            "outputs": st.one_of(JSON, st.dictionaries(st.text(max_size=3), JSON, max_size=2)),
            "resources": st.one_of(
                JSON,
                st.lists(
                    st.one_of(
                        JSON,
                        st.fixed_dictionaries(
                            {"type": st.just("t"), "name": st.just("n")},
                            optional={
                                "instances": st.one_of(JSON, st.lists(JSON, max_size=2)),
                                "mode": JSON,
                                "module": JSON,
                            },
                        ),
                    ),
                    max_size=2,
                ),
            ),
        },
    ),
    st.one_of(st.text(max_size=10), st.sampled_from(["t.n", "t.n[0].x", "output.a", 't.n["k"].a.b'])),
)
def test_a_hostile_state_is_an_error_or_a_miss(state: dict[str, Any], address: str) -> None:
    try:
        State(json.dumps(state)).look_up(address)
    except StateError as error:
        assert error.what


@pytest.mark.parametrize(
    ("form", "arguments", "address"),
    [
        ("a['%s'].id", ("x",), "a['x'].id"),
        ("%s.%v.%d", ("a", "b", "3"), "a.b.3"),
        ("a[%q]", ('k"',), 'a["k\\""]'),
        ("100%%", (), "100%"),
    ],
)
def test_an_address_is_put_together_as_go_does(form: str, arguments: tuple[str, ...], address: str) -> None:
    assert formatted(form, arguments) == address


@pytest.mark.parametrize(
    ("form", "arguments"), [("%s", ()), ("a", ("x",)), ("%s %s", ("x",)), ("%x", ("1",)), ("50%", ()), ("%5s", ("x",))]
)
def test_arguments_that_do_not_fit_are_told(form: str, arguments: tuple[str, ...]) -> None:
    with pytest.raises(LookupMissError):
        formatted(form, arguments)
