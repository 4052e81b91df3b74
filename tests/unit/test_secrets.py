"""The vault: what is sealed is opened exactly, and nothing that leaves holds a secret's value."""

import base64
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import QUICK

from esprestack.secrets import RESERVED, Vault

ANY_TEXT = st.text(max_size=60)
LONG_ENOUGH = st.text(st.characters(exclude_categories=("Cs", "Co")), min_size=4, max_size=60).filter(
    lambda text: text not in "(secret)"
)


def a_vault(**secrets: str) -> Vault:
    vault = Vault()
    for name, value in secrets.items():
        vault.know(name, value)
    return vault


# -- seal and open ---------------------------------------------------------------------------------------------


@QUICK
@given(st.lists(ANY_TEXT, min_size=1, max_size=12))
def test_what_is_sealed_is_opened_exactly(values: list[str]) -> None:
    vault = Vault()
    seals = [vault.seal(f"S{number}", value) for number, value in enumerate(values)]
    assert [vault.open(seal) for seal in seals] == values
    assert vault.open("<" + "|".join(seals) + ">") == "<" + "|".join(values) + ">"


@QUICK
@given(ANY_TEXT)
def test_a_seal_holds_private_use_characters_only(value: str) -> None:
    seal = Vault().seal("NAME", value)
    assert RESERVED.sub("", seal) == ""


def test_the_same_value_has_the_same_seal() -> None:
    vault = Vault()
    assert vault.seal("A", "hunter22") == vault.seal("B", "hunter22")
    assert vault.seal("A", "hunter22") != vault.seal("A", "hunter23")


def test_a_value_that_holds_another_secrets_seal_is_opened_once() -> None:
    vault = Vault()
    inner = vault.seal("INNER", "hunter22")
    assert vault.open(vault.seal("OUTER", inner)) == inner


def test_text_without_a_seal_stays_as_it_is() -> None:
    vault = a_vault(PASSWORD="hunter22")
    for text in ("", "cluster: batch", "hunter22"):
        assert vault.open(text) == vault.show(text) == vault.label(text) == text


def test_a_sealed_value_is_opened_within_a_text() -> None:
    vault = Vault()
    assert vault.open(f"postgres://app:{vault.seal('PW', 'a:b')}@db/") == "postgres://app:a:b@db/"


def test_an_empty_secret_is_sealed_too() -> None:
    vault = Vault()
    seal = vault.seal("EMPTY", "")
    assert seal
    assert vault.open(f"[{seal}]") == "[]"


def test_values_are_those_that_the_runner_is_told_to_mask() -> None:
    vault = a_vault(A="one", B="two", C="one")
    assert list(vault.values()) == ["one", "two"]


# -- show and label --------------------------------------------------------------------------------------------


def test_a_report_shows_a_secret_as_a_word() -> None:
    vault = Vault()
    assert vault.show(f"a {vault.seal('A', '1')} b {vault.seal('B', 'hunter22')}") == "a (secret) b (secret)"


def test_the_plan_hash_sees_a_secrets_name_and_never_its_value() -> None:
    one, other = Vault(), Vault()
    assert one.label(one.seal("DB_PASSWORD", "hunter22")) == "(secret DB_PASSWORD)"
    assert other.label(other.seal("DB_PASSWORD", "changed1")) == "(secret DB_PASSWORD)"


@QUICK
@given(ANY_TEXT)
def test_neither_show_nor_label_depends_on_the_value(value: str) -> None:
    vault = Vault()
    seal = vault.seal("NAME", value)
    assert (vault.show(seal), vault.label(seal)) == ("(secret)", "(secret NAME)")


# -- forged and broken seals -----------------------------------------------------------------------------------


def test_a_forged_seal_opens_nothing() -> None:
    vault = Vault()
    forged = vault.seal("A", "hunter22").replace("\uf110", "\uf119")
    assert vault.open(forged) == vault.show(forged) == vault.label(forged) == "\ufffd"


def test_a_whole_seal_is_not_broken() -> None:
    vault = Vault()
    seal = vault.seal("A", "hunter22")
    assert not vault.is_broken(seal)
    assert not vault.is_broken(f"a{seal}{seal}b")
    assert not vault.is_broken("no seal at all")


def test_a_seal_that_was_cut_is_broken() -> None:
    vault = Vault()
    for number in range(11):
        seal = vault.seal("A", f"value {number}")
    assert len(seal) == 4
    for cut in (seal[:1], seal[:2], seal[:3], seal[1:], seal[2:], seal[3:], seal[::-1], seal + seal[:2]):
        assert vault.is_broken(cut), ascii(cut)


# -- seal_text -------------------------------------------------------------------------------------------------


def test_known_secrets_are_sealed_wherever_they_stand_in_a_text() -> None:
    vault = a_vault(PW="hunter22", USER="appuser")
    sealed = vault.seal_text("postgres://appuser:hunter22@db/appuser")
    assert vault.show(sealed) == "postgres://(secret):(secret)@db/(secret)"
    assert vault.open(sealed) == "postgres://appuser:hunter22@db/appuser"
    assert vault.label(sealed) == "postgres://(secret USER):(secret PW)@db/(secret USER)"


def test_a_secret_within_a_longer_one_does_not_split_it() -> None:
    vault = a_vault(SHORT="hunter", LONG="hunter22")
    assert vault.label(vault.seal_text("hunter22 hunter")) == "(secret LONG) (secret SHORT)"


def test_short_secrets_are_not_searched_for() -> None:
    vault = a_vault(ONE="1", THREE="abc", FOUR="abcd")
    assert vault.seal_text("1 abc") == "1 abc"
    assert vault.mask("1 abc") == "1 abc"
    assert vault.show(vault.seal_text("abcd")) == "(secret)"


def test_short_secrets_are_hidden_where_they_are_sealed() -> None:
    vault = Vault()
    assert vault.mask(f"replicas: 1, {vault.seal('ONE', '1')}") == "replicas: 1, (secret)"


def test_a_secret_that_comes_later_is_searched_for_too() -> None:
    vault = a_vault(FIRST="hunter22")
    assert vault.mask("hunter22 swordfish") == "(secret) swordfish"
    assert vault.show(vault.seal_text("swordfish")) == "swordfish"
    vault.know("SECOND", "swordfish")
    assert vault.mask("hunter22 swordfish") == "(secret) (secret)"
    assert vault.show(vault.seal_text("swordfish")) == "(secret)"


def test_what_is_a_seal_already_stays_one() -> None:
    vault = a_vault(PW="hunter22")
    seal = vault.seal("PW", "hunter22")
    assert vault.seal_text(f"{seal} hunter22") == f"{seal} {seal}"


@QUICK
@given(st.lists(LONG_ENOUGH, min_size=1, max_size=4), ANY_TEXT)
def test_sealing_a_text_loses_nothing(values: list[str], text: str) -> None:
    vault = Vault()
    for value in values:
        vault.know("NAME", value)
    text = RESERVED.sub("", text) + "".join(values)
    assert vault.open(vault.seal_text(text)) == text


# -- lookups ---------------------------------------------------------------------------------------------------


def test_secrets_are_written_as_lookups() -> None:
    vault = a_vault(PW="hunter22")
    text = f"hunter22 {vault.seal('ONE', '1')} 1"
    assert vault.write_lookups(text, lambda name, _: f"<{name}>") == "<PW> <ONE> 1"


# -- mask ------------------------------------------------------------------------------------------------------

NASTY = 'it\'s: "50%"\\ + <ü> & {a}/?\tx'


@pytest.mark.parametrize(
    "form",
    [
        NASTY,
        json.dumps(NASTY)[1:-1],
        json.dumps(NASTY, ensure_ascii=False)[1:-1],
        NASTY.replace("'", "''"),
        urllib.parse.quote(NASTY, safe=""),
        urllib.parse.quote_plus(NASTY),
        base64.b64encode(NASTY.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(NASTY.encode()).decode().rstrip("="),
    ],
    ids=["plain", "json", "json-unicode", "yaml", "url", "form", "base64", "base64-url"],
)
def test_a_secret_is_masked_in_every_form_it_takes(form: str) -> None:
    assert a_vault(SECRET=NASTY).mask(f"before [{form}] after") == "before [(secret)] after"


def test_every_line_of_a_secret_is_masked() -> None:
    key = "-----BEGIN KEY-----\n  MIIEpAIBAAKCAQEA\r\nq2\n-----END KEY-----\n"
    vault = a_vault(KEY=key)
    assert vault.mask(key) == "(secret)"
    assert vault.mask("  MIIEpAIBAAKCAQEA") == "  (secret)"
    assert vault.mask("| -----BEGIN KEY-----\n| q2\n") == "| (secret)\n| q2\n"


def test_the_longest_form_is_masked_first() -> None:
    assert a_vault(SHORT="hunter", LONG="hunter22").mask("hunter22, hunter") == "(secret), (secret)"


def test_masking_twice_changes_nothing_more() -> None:
    vault = a_vault(PW="hunter22")
    once = vault.mask("hunter22 and hunter22")
    assert once == "(secret) and (secret)"
    assert vault.mask(once) == once


@QUICK
@given(LONG_ENOUGH)
def test_no_text_that_leaves_holds_a_secret(value: str) -> None:
    vault = a_vault(SECRET=value)
    for text in (value, vault.seal("SECRET", value), json.dumps(value)[1:-1], urllib.parse.quote(value, safe="")):
        assert vault.mask(text) == "(secret)"
    assert value not in vault.mask(f"[{value}]\n- '{value}'\n")
