"""Jsonnet configs: look-ups as natives, external variables, imports, limits, and errors at their places."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.config.builders import Given, told
from tests.unit.strategies import QUICK

from esprestack.config.examine import check
from esprestack.config.jsonnet import Evaluated, evaluate, only, parameters_of, places
from esprestack.config.jsonnet_child import Limits
from esprestack.config.jsonnet_files import Files, RefusedImportError
from esprestack.config.jsonnet_vars import ExtVars, ext_vars
from esprestack.config.load import Prepared
from esprestack.config.lookups.base import (
    Function,
    JsonValue,
    LookupPendingError,
    LookupUnknownError,
)
from esprestack.config.source import MISSING, Source, read_tree
from esprestack.config.tree import Tree
from esprestack.errors import ConfigError, InputError
from esprestack.secrets import Sealed

PATH = "jobs/ecschedule.jsonnet"
ROOT = Path(__file__).parents[2]
NOTHING = ExtVars()


def evaluated(
    text: str,
    given: Given | None = None,
    functions: Mapping[str, Function] | None = None,
    ext: ExtVars = NOTHING,
    folder: Path = Path(),
    **options: Any,
) -> Evaluated:
    functions = (given or Given()).functions | dict(functions or {})
    return evaluate(Source(PATH, text), folder, functions, ext, **options)


def value(text: str, **options: Any) -> Any:
    """What `text` comes out as; nothing may be missing."""
    found = evaluated(text, **options)
    assert (found.missing, found.pending) == ([], False)
    return json.loads(found.text)


def problems(text: str, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        evaluated(text, **options)
    return told(error, PATH)


def a_tree(found: Evaluated) -> Tree:
    return read_tree(found.text, found.source, places(found))


def a_folder(tmp_path: Path, **files: str) -> Path:
    """The folder `jobs` with files in it, a double underscore for each slash."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.libsonnet"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


# -- look-ups ----------------------------------------------------------------------------------------------------


def test_look_ups_are_native_functions() -> None:
    given = Given({"STAGE": "prod"}, {"TOKEN": "t"}, {"SIZE": "5"})
    text = """
        local env = std.native('env');
        [env('STAGE', 'dev'), env('OTHER', 'dev'), std.native('must_env')('STAGE'), std.native('var')('SIZE')]
    """
    assert value(text, given=given) == ["prod", "dev", "prod", "5"]


def test_answers_are_values_not_texts() -> None:
    answer = {"count": 3, "ids": ["a", "b"], "share": 0.5, "on": True, "none": None}
    text = "local state = std.native('tfstate')('x.y'); state { next: state.count + 1, on: !state.on }"
    assert value(text, functions={"tfstate": lambda _: answer}) == answer | {"next": 4, "on": False}


def test_a_boolean_comes_from_the_environment() -> None:
    text = "{ disabled: std.parseJson(std.native('env')('DISABLED', 'false')) }"
    assert value(text, given=Given({"DISABLED": "true"})) == {"disabled": True}


def test_numbers_and_booleans_are_asked_as_texts() -> None:
    text = "local ask = std.native('cfn_output'); [ask(1, true), ask(1.5, 'x')]"
    assert value(text, functions={"cfn_output": lambda a, b: f"{a} {b}"}) == ["1 true", "1.5 x"]


def test_an_item_of_a_list_is_ssm_with_an_index() -> None:
    asked = {"ssm": lambda *given: "/".join(given)}
    assert value("std.native('ssm_list')('hosts', 1)", functions=asked) == "hosts/1"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("env", ("name", "default")),
        ("must_env", ("name",)),
        ("tfstate", ("address",)),
        ("network_tfstate", ("address",)),
        ("prod_cfn_output", ("stack", "key")),
        ("ssm_list", ("name", "index")),
        ("anything", ("name",)),
    ],
)
def test_natives_take_what_they_take_in_ecspresso(name: str, parameters: tuple[str, ...]) -> None:
    assert parameters_of(name) == parameters


def test_all_misses_are_told_together_with_their_places() -> None:
    text = """local must = std.native('must_env');
{
  a: must('ONE'),
  b: std.native('secret')('two'),
  c: 'kept',
}"""
    found = evaluated(text)
    assert found.data == {"a": MISSING, "b": MISSING, "c": "kept"}
    assert [(str(problem.where), problem.what) for problem in found.missing] == [
        (f"{PATH}:3:11", "the environment variable `ONE` is not set"),
        (f"{PATH}:4:27", "the secret `two` is not given"),
    ]


def test_a_miss_has_no_line_where_none_can_be_told() -> None:
    found = evaluated("[std.native('must_env')('A' + x) for x in ['B']] + [std.native('must_env')('C' + 'D')]")
    assert [str(problem.where) for problem in found.missing] == [PATH, PATH]


def test_misses_are_told_together_even_where_the_first_one_stops_the_evaluation() -> None:
    text = "local must = std.native('must_env'); { a: std.parseInt(must('ONE')), b: must('TWO') }"
    said = problems(text)
    assert [line.split(" (")[0] for line in said] == [
        "1:61: the environment variable `ONE` is not set",
        "1:78: the environment variable `TWO` is not set",
    ]


def test_what_hangs_on_a_miss_is_not_asked() -> None:
    asked: list[str] = []
    found = evaluated(
        "{ a: std.native('tfstate')('x.' + std.native('must_env')('NAME')) }", functions={"tfstate": asked.append}
    )
    assert (len(found.missing), asked) == (1, [])


def test_null_is_no_text_to_ask_for() -> None:
    (problem,) = evaluated("{ a: std.native('env')('A', null) }").missing
    assert problem.what == "`env` takes texts, not null"


def test_pending_look_ups_go_on_in_rounds() -> None:
    known: dict[str, str] = {}
    asked: list[str] = []

    def tfstate(address: str) -> str:
        if address not in known:
            asked.append(address)
            raise LookupPendingError
        return known[address]

    text = """
        local state = std.native('tfstate');
        { a: std.parseInt(state('count')), b: state('b'), c: state('c.' + state('b')) }
    """
    for _ in range(2):
        assert evaluated(text, functions={"tfstate": tfstate}).pending
        known |= dict.fromkeys(asked, "7")
    assert list(dict.fromkeys(asked)) == ["count", "b", "c.7"]
    assert value(text, functions={"tfstate": tfstate}) == {"a": 7, "b": "7", "c": "7"}


def test_a_value_that_nobody_may_be_asked_for_stays_unknown() -> None:
    def tfstate(_: str) -> str:
        raise LookupUnknownError

    found = evaluated("{ a: std.native('tfstate')('x') }", functions={"tfstate": tfstate})
    assert (found.data, found.missing, found.unknown) == ({"a": MISSING}, [], True)
    (problem,) = problems("{ a: std.parseInt(std.native('tfstate')('x')) }", functions={"tfstate": tfstate})
    assert problem.startswith("1:6: a look-up that wasn't made is needed to evaluate this: (missing) is not a base 10")


def test_an_answer_that_jsonnet_cannot_hold_is_a_miss() -> None:
    answers: dict[str, Any] = {
        "zero": "a\0b",
        "forged": "\uf100\uf110\uf101",
        "large": 10**400,
        "deep": {"deep": [float("nan")]},
    }
    asking: dict[str, Function] = {name: lambda name: answers[name] for name in answers}
    found = evaluated("[std.native(name)(name) for name in ['zero', 'forged', 'large', 'deep']]", functions=asking)
    assert [problem.what for problem in found.missing] == [
        "`zero` answers with a zero character, which Jsonnet can't hold",
        "`forged` answers with private-use characters",
        "`large` answers with a number that Jsonnet can't hold",
        "`deep` answers with a number that Jsonnet can't hold",
    ]


# -- external variables ------------------------------------------------------------------------------------------


def test_external_variables_are_texts_or_code() -> None:
    ext = ext_vars(["stage=prod", "eq=a=b", "FROM"], ["count=1 + 1"], {"FROM": "environment"})
    text = "[std.extVar('stage'), std.extVar('eq'), std.extVar('FROM'), std.extVar('count')]"
    assert value(text, ext=ext) == ["prod", "a=b", "environment", 2]


def test_external_variables_that_cannot_be_had_are_told_together() -> None:
    with pytest.raises(InputError) as error:
        ext_vars(["UNSET", "AWS_SECRET_ACCESS_KEY", "=x", "seal=\uf100"], ["seal2=1", "both=1"], {})
    assert [problem.what for problem in error.value.problems] == [
        "--ext-str UNSET: the environment variable `UNSET` is not set",
        "--ext-str may not read the environment variable `AWS_SECRET_ACCESS_KEY`: it can hold credentials",
        "--ext-str needs a name",
        "--ext-str seal holds private-use characters",
    ]


def test_a_variable_is_a_text_or_code_not_both() -> None:
    with pytest.raises(InputError, match="`a` is given as a text and as code"):
        ext_vars(["a=1"], ["a=1"], {})


def test_an_undefined_external_variable_says_how_to_give_it() -> None:
    assert problems("{\n  a: std.extVar('stage'),\n}") == [
        "2:6: undefined external variable: stage (give it with --ext-str stage=VALUE, or as code with --ext-code)"
    ]


def test_broken_external_code_is_told_by_its_name() -> None:
    assert problems("{ a: std.extVar('n') }", ext=ExtVars(codes={"n": "1 +"})) == [
        f"{PATH}: the external variable `n` fails at 1:4: unexpected end of file (mend what --ext-code n gives)"
    ]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: not any("\uf100" <= letter <= "\uf12f" for letter in text)
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(QUICK, max_examples=4)
@given(st.lists(_JSON, min_size=10, max_size=40))
def test_any_json_value_comes_out_as_it_went_in(values: list[Any]) -> None:
    assert value("std.extVar('values')", ext=ExtVars(codes={"values": json.dumps(values)})) == values


# -- imports -----------------------------------------------------------------------------------------------------


def test_files_below_the_folder_are_imported(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path, lib__a="{ b: import 'b.libsonnet', text: importstr '../top.libsonnet' }", lib__b="1", top="é"
    )
    text = "(import 'lib/a.libsonnet') { bytes: importbin 'top.libsonnet' }"
    assert value(text, folder=folder) == {"b": 1, "text": "é", "bytes": list("é".encode())}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "an absolute path leaves the config's folder; imports stay below it"),
        ("../outside.libsonnet", "it leaves the folder jobs; imports stay below it"),
        ("sub/../../outside.libsonnet", "it leaves the folder jobs; imports stay below it"),
        ("link.libsonnet", "it leaves the folder jobs; imports stay below it"),
        ("linked/outside.libsonnet", "it leaves the folder jobs; imports stay below it"),
        (".env", "hidden files, such as .env and those in .git, can hold credentials"),
        (".git/config", "hidden files, such as .env and those in .git, can hold credentials"),
        ("loop", "its path can't be followed"),
        ("zero\0", "its path can't be followed"),
        ("sub", "there is no such file; paths count from the file that imports"),
        ("pipe", "there is no such file; paths count from the file that imports"),
    ],
)
def test_nothing_else_is_imported(tmp_path: Path, name: str, reason: str) -> None:
    folder = a_folder(tmp_path)
    (tmp_path / "outside.libsonnet").write_text("1")
    (folder / ".env").write_text("1")
    (folder / "sub").mkdir()
    (folder / "link.libsonnet").symlink_to(tmp_path / "outside.libsonnet")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    with pytest.raises(RefusedImportError) as refused:
        Files(Source(PATH, ""), folder, folder, 1_000).read("jobs/", name)
    assert str(refused.value) == reason


@pytest.mark.parametrize("kind", ["import", "importstr", "importbin"])
def test_each_kind_of_import_is_refused_where_it_stands(kind: str) -> None:
    reason = "an absolute path leaves the config's folder; imports stay below it"
    assert problems(f"{{\n  a: {kind} '/etc/passwd' }}") == [f'2:6: couldn\'t open import "/etc/passwd": {reason}']


def test_a_wider_root_lets_configs_share_files(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (tmp_path / "shared.libsonnet").write_text("{ a: error 'no' }")
    with pytest.raises(ConfigError) as error:
        evaluated("import '../shared.libsonnet'", folder=folder, root=tmp_path)
    assert told(error) == ["shared.libsonnet:1:6: no"]


def test_a_hidden_folder_with_a_config_imports_its_own_files(tmp_path: Path) -> None:
    folder = tmp_path / ".deploy"
    folder.mkdir()
    (folder / "a.libsonnet").write_text("1")
    assert value("import 'a.libsonnet'", folder=folder, root=tmp_path) == 1


def test_imports_are_bounded_together(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, a=f"'{'a' * 600}'", b=f"'{'b' * 600}'")
    (problem,) = problems(
        "[import 'a.libsonnet', import 'b.libsonnet']", folder=folder, limits=Limits(characters=1_000)
    )
    assert problem.endswith('"b.libsonnet": the imported files are too large together')


def test_an_imported_file_cannot_forge_a_seal(tmp_path: Path) -> None:
    (problem,) = problems("importstr 'a.libsonnet'", folder=a_folder(tmp_path, a="\uf100\uf110\uf101"))
    assert "private-use characters" in problem


# -- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limits", "what"),
    [
        (
            "local f(x) = f(x) tailstrict; f(1)",
            Limits(seconds=0.3),
            "the evaluation doesn't end within 0.3 seconds",
        ),
        ("std.range(0, 1e9)", Limits(memory=1 << 26), "the evaluation needs more than 64 MB of memory"),
        (
            "std.foldl(function(a, _) a + a, std.range(0, 60), 'x')",
            Limits(memory=1 << 26),
            "the evaluation needs more than 64 MB of memory",
        ),
        (
            "std.repeat('x', 2000)",
            Limits(characters=1_000),
            "the result has 2,003 characters, the most are 1,000",
        ),
    ],
)
def test_what_runs_away_is_stopped(text: str, limits: Limits, what: str) -> None:
    assert problems(text, limits=limits) == [f"{PATH}: {what} (look for what repeats or grows without an end)"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of a process")
def test_the_child_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    asking = Path(f"/proc/self/task/{threading.get_native_id()}/children")

    def environments(_: str) -> list[JsonValue]:
        children = [Path(f"/proc/{child}") for child in asking.read_text().split()]
        return [(child / "environ").read_text() for child in children if b"jsonnet" in (child / "cmdline").read_bytes()]

    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert value("std.native('look')('')", functions={"look": environments}) == [""]


def test_the_child_starts_light() -> None:
    code = (
        "import sys, esprestack.config.jsonnet_worker as _; print(*sorted(n for n in sys.modules if 'esprestack' in n))"
    )
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env={})
    assert loaded.stdout.split() == ["esprestack", "esprestack.config", "esprestack.config.jsonnet_worker"]


# -- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n  a: 1,\n  b: (1 + },\n}", '3:11: broken Jsonnet: unexpected: "}" while parsing terminal'),
        ("{\n  'ключ': x }", "2:11: broken Jsonnet: Unknown variable: x"),
        ("{\n  a: error 'no\nsuch stage',\n}", "2:6: no such stage"),
        ("{ a: std.parseInt('x') }", "1:6: x is not a base 10 integer"),
        ("local f(x) = 1 + f(x);\nf(1)", "1:18: max stack frames exceeded (look for a function or a value that needs itself)"),
        ("{ a: std.native('secert')('A') }", "1:17: `secert` is no look-up (did you mean `secret`?)"),
        (
            "{ a: std.native('env')('A') }",
            "1:6: function parameter d not bound in call (of the look-ups, `env` takes a name and a default, `ssm_list` a name and an index)",
        ),
        ("{ a: '\uf100' }", "1:7: the private-use character U+F100 may not stand in a config (remove it)"),
        ("{ a: 1 }\0", f"{PATH}: a zero character may not stand in a config (remove it)"),
    ],
)  # fmt: skip
def test_errors_have_jsonnets_own_place_and_one_line(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_errors_in_imported_files_stand_there(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, lib__a="{\n  a: error 'in here' }")
    assert problems("import 'lib/a.libsonnet'", folder=folder) == ["jobs/lib/a.libsonnet:2:6: in here"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("null", [f"{PATH}: the config is empty (it needs at least `cluster:` and a list `rules:`)"]),
        ("function(x) x", [f"{PATH}: function parameter x not bound in call"]),
    ],
)
def test_what_is_no_config_is_refused(text: str, said: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        a_tree(evaluated(text))
    assert told(error, PATH) == said


# -- secrets -----------------------------------------------------------------------------------------------------

AWKWARD = 'it\'s "quoted",\n: # {{ and }} \\ on\ttwo lines'


def test_secrets_pass_sealed_through_concatenation() -> None:
    given = Given(secrets={"DB": AWKWARD, "OTHER": "o"})
    text = "local s = std.native('secret'); { a: 'x=' + s('DB') + s('OTHER'), b: '%s;' % s('DB'), [s('OTHER')]: 1 }"
    found = evaluated(text, given)
    assert AWKWARD.splitlines()[0] not in found.text
    assert isinstance(found.data, dict)
    opened = {given.vault.open(key): given.vault.open(str(text)) for key, text in found.data.items()}
    assert opened == {"a": f"x={AWKWARD}o", "b": f"{AWKWARD};", "o": "1"}


def test_answers_with_seals_deep_inside_pass() -> None:
    given = Given()
    seal: Sealed = given.vault.seal("db", AWKWARD)
    found = evaluated("std.native('tfstate')('x').db[0]", given, {"tfstate": lambda _: {"db": [seal]}})
    assert found.data == seal


def test_a_seal_cannot_be_cut_or_forged() -> None:
    text = """local s = std.native('secret');
{
  a: std.substr(s('DB'), 0, 2),
  b: '\\uf100\\uf119\\uf101',
  c: [std.char(61696)],
  d: { ['x' + s('DB')[0]]: 1 },
  e: s('DB'),
}"""
    what = "a secret was taken apart, or a private-use character was made by an escape"
    said = problems(text, given=Given(secrets={"DB": "secret"}))
    assert [problem.split(" (")[0] for problem in said] == [
        f"{place}: {what}" for place in ("3:3", "4:3", "5:7", "6:3")
    ]


@pytest.mark.parametrize("text", ["{ a: error 'x ' + s('DB') }", "{ a: std.base64(s('DB')) }"])
def test_no_secret_stands_in_an_error(text: str) -> None:
    (problem,) = problems(f"local s = std.native('secret'); {text}", given=Given(secrets={"DB": "hunter2"}))
    assert "hunter2" not in problem
    assert not any("\uf100" <= letter <= "\uf12f" for letter in problem)


# -- what comes of it --------------------------------------------------------------------------------------------


def test_numbers_read_as_they_were_written() -> None:
    assert (
        evaluated("{ a: 0.1, b: 12, c: 1e21 }").text == '{\n  "a": 0.1,\n  "b": 12,\n  "c": 1000000000000000000000\n}'
    )


def test_a_tree_has_its_places_in_the_source() -> None:
    text = """local schedule = 'rate(1 day)';
{
  cluster: 'batch',
  rules: [
    { name: 'a', scheduleExpression: schedule, tags: {} },
    {
      name: 'b',
      descripton: 'typo',
    },
  ],
}"""
    found = evaluated(text)
    tree = a_tree(found)
    assert str(tree.where(("cluster",))) == f"{PATH}:3:3"
    assert str(tree.where(("rules", 0, "scheduleExpression"))) == f"{PATH}:5:18"
    assert str(tree.where_key(("rules", 1, "descripton"))) == f"{PATH}:8:7"


def test_only_some_keys_can_be_evaluated() -> None:
    text = "{ region: 'eu-west-1', rules: [std.native('later')('x')], cluster: error 'no' } // end"
    found = evaluate(only(Source(PATH, text), ("region", "plugins")), Path(), {}, ExtVars())
    assert found.data == {"region": "eu-west-1"}


@pytest.mark.parametrize(("stage", "rules"), [("production", 4), ("staging", 3)])
def test_the_example_is_a_config(stage: str, rules: int) -> None:
    folder = ROOT / "examples/jsonnet"
    source = Source("ecschedule.jsonnet", (folder / "ecschedule.jsonnet").read_text())
    given = Given({"PAUSED": "true"}, {"MARKETPLACE_TOKEN": "t0ken"})
    found = evaluate(source, folder, given.functions, ExtVars({"environment": stage}))
    loaded = check(Prepared(source, found.text, a_tree(found), ()), given.vault)
    assert [entry.disabled for entry in loaded.config.rules or ()] == [True] * rules
    assert str(found.locate(("rules", 1, "scheduleExpression"))) == "ecschedule.jsonnet:33:27"
