"""The tree in a file: scalars stay text, every value has a place, and what a config can't be is told there."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.config.builders import a_tree, tree_problems
from tests.unit.strategies import ANY_CHARACTER, QUICK

from esprestack.config.source import Source, check_reserved
from esprestack.config.tree import Path, Scalar
from esprestack.errors import ConfigError
from esprestack.secrets import RESERVED

JSON = "ecschedule.json"


def data(text: str, path: str = "ecschedule.yaml") -> Any:
    return a_tree(text, path).data


def place(text: str, path: Path, file: str = "ecschedule.yaml") -> str:
    return str(a_tree(text, file).where(path)).removeprefix(f"{file}:")


# -- scalars ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["010", "yes", "1.10", "0x1F", "1e3", "2030-01-01", "12:30:45", "true", "on", ".inf"])
def test_a_scalar_keeps_its_text(text: str) -> None:
    assert data(f"key: {text}") == {"key": text}
    assert data(f"key: '{text}'") == {"key": text}


@pytest.mark.parametrize("text", ["", "null", "~", "Null", "NULL"])
def test_an_empty_value_is_none(text: str) -> None:
    assert data(f"key: {text}\nother: x") == {"key": None, "other": "x"}


def test_null_in_quotes_is_a_text() -> None:
    assert data("a: 'null'\nb: ''\nc: \"~\"") == {"a": "null", "b": "", "c": "~"}


def test_a_scalar_knows_whether_quotes_stood_around_it() -> None:
    tree = data("plain: true\nsingle: 'true'\ndouble: \"true\"\nblock: |-\n  true\n")
    assert {key: value.plain for key, value in tree.items()} == {
        "plain": True,
        "single": False,
        "double": False,
        "block": False,
    }


def test_block_scalars_and_escapes_are_read() -> None:
    assert data('a: |\n  one\n  two\nb: >-\n  one\n  two\nc: "\\u00e9\\t\\x41"\n') == {
        "a": "one\ntwo\n",
        "b": "one two",
        "c": "é\tA",
    }


@QUICK
@given(st.text(ANY_CHARACTER).filter(lambda text: not RESERVED.search(text)))
def test_any_text_comes_out_of_json_as_it_went_in(text: str) -> None:
    assert data(json.dumps({"key": text}), JSON) == {"key": text}


@QUICK
@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"))).filter(lambda text: not RESERVED.search(text)))
@example("one\x85two\u2028three\u2029four")
def test_any_text_comes_out_of_json_that_is_not_escaped_too(text: str) -> None:
    assert data(json.dumps({"key": text}, ensure_ascii=False), JSON) == {"key": text}


# -- places ----------------------------------------------------------------------------------------------------

A_FILE = """\
cluster: batch
rules:
- name: report   # the first one
  tags: {team: red, é😀: "x", cost: 7}
- name: >-
    other
  command:
    - run
    - --all
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "1:1"),
        (("cluster",), "1:10"),
        (("rules",), "3:1"),
        (("rules", 0), "3:3"),
        (("rules", 0, "name"), "3:9"),
        (("rules", 0, "tags"), "4:9"),
        (("rules", 0, "tags", "team"), "4:16"),
        (("rules", 0, "tags", "é😀"), "4:25"),
        (("rules", 0, "tags", "cost"), "4:36"),
        (("rules", 1, "name"), "5:9"),
        (("rules", 1, "command", 1), "9:7"),
    ],
)
def test_every_value_has_a_place(path: Path, expected: str) -> None:
    assert place(A_FILE, path) == expected


def test_a_key_has_a_place_of_its_own() -> None:
    tree = a_tree(A_FILE)
    assert str(tree.where_key(("rules", 0, "tags", "cost"))) == "ecschedule.yaml:4:30"
    assert str(tree.where_key(("rules", 1))) == "ecschedule.yaml:5:3"


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    assert place(A_FILE, ("rules", 0, "role", "x")) == "3:3"
    assert place(A_FILE, ("rules", 7)) == "3:1"
    assert a_tree(A_FILE).find(("rules", 0, "role")) is None


def test_values_of_json_have_places_too() -> None:
    text = '{\n\t"cluster": "batch",\n\t"rules": [{"name":\t"é", "x": 1}]\n}'
    assert place(text, ("cluster",), JSON) == "2:13"
    assert place(text, ("rules", 0, "x"), JSON) == "3:31"


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_line_breaks_of_unicode_are_no_lines_of_the_file(separator: str) -> None:
    """Editors don't count them."""
    assert place(f"a: 'x{separator}y'\nb: 1\n", ("b",)) == "2:4"
    assert place(f'{{"a": "x{separator}y",\n"b": 1}}', ("b",), JSON) == "2:6"


def test_a_merged_value_has_the_place_where_it_is_written() -> None:
    text = "x-base: &base\n  role: starter\nrules:\n- name: a\n  <<: *base\n"
    assert place(text, ("rules", 0, "role")) == "2:9"


# -- nothing in it ---------------------------------------------------------------------------------------------

EMPTY = "ecschedule.yaml: the config is empty (it needs at least `cluster:` and a list `rules:`)"


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments\n", "---\n", "---\n...\n", "~", "null\n", "\ufeff"])
def test_an_empty_file_is_no_config(text: str) -> None:
    assert tree_problems(text) == [EMPTY]


# -- documents -------------------------------------------------------------------------------------------------


def test_a_second_document_is_refused_at_its_place() -> None:
    assert tree_problems("cluster: a\n---\n# the other\ncluster: b\n") == [
        "4:1: a config is one YAML document, this is a second one "
        "(remove the `---` before it, or put it into a file of its own)"
    ]


@pytest.mark.parametrize(
    "text", ["---\na: b\n", "a: b\n...\n", "a: b\n---\n", "---\n# c\n---\na: b\n", "%YAML 1.2\n---\na: b\n"]
)
def test_marks_around_one_document_are_fine(text: str) -> None:
    assert data(text) == {"a": "b"}


# -- keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "file"), [("a: 1\nb:\n  c: 2\n  'c': 3\n", "f.yaml"), ('{"a": 1,\n"b": {\n"c": 2,\n  "c": 3}}', "f.json")]
)
def test_a_doubled_key_is_told_with_both_places(text: str, file: str) -> None:
    first = "3:3" if file == "f.yaml" else "3:1"
    assert tree_problems(text, file) == [f"4:3: the key `c` stands twice, first at {file}:{first} (remove one)"]


def test_all_doubled_keys_are_told_at_once() -> None:
    assert tree_problems("a: 1\na: 2\nb: {c: 1, c: 2}\na: 3\n") == [
        "2:1: the key `a` stands twice, first at ecschedule.yaml:1:1 (remove one)",
        "3:11: the key `c` stands twice, first at ecschedule.yaml:3:5 (remove one)",
        "4:1: the key `a` stands twice, first at ecschedule.yaml:1:1 (remove one)",
    ]


@pytest.mark.parametrize("text", ["? [a]\n: b\n", "? {a: b}\n: c\n"])
def test_a_key_is_a_text(text: str) -> None:
    assert tree_problems(text) == ["1:3: a key must be a plain text"]


def test_keys_that_look_like_something_else_stay_texts() -> None:
    assert data("yes: 1\n010: 2\nnull: 3\n") == {"yes": "1", "010": "2", "null": "3"}


# -- anchors and merges ----------------------------------------------------------------------------------------


def test_aliases_repeat_a_value() -> None:
    assert data("a: &x [1, 2]\nb: *x\n") == {"a": ["1", "2"], "b": ["1", "2"]}


def test_a_merge_yields_to_the_mappings_own_keys() -> None:
    text = "base: &base {a: base, b: base}\nrule:\n  a: own\n  <<: *base\n"
    assert data(text)["rule"] == {"a": "own", "b": "base"}


def test_of_several_merges_the_first_goes_first() -> None:
    text = "x: &x {a: x, b: x}\ny: &y {b: y, c: y}\nlist: {<<: [*x, *y]}\ntwo:\n  <<: *x\n  <<: *y\n"
    assert data(text)["list"] == data(text)["two"] == {"a": "x", "b": "x", "c": "y"}


def test_merges_go_through_merges() -> None:
    text = "x: &x {a: x}\ny: &y {<<: *x, b: y}\nz: {<<: *y, c: z}\n"
    assert data(text)["z"] == {"a": "x", "b": "y", "c": "z"}


def test_a_merge_key_in_quotes_is_a_key() -> None:
    assert data("'<<': {a: 1}\n") == {"<<": {"a": "1"}}
    assert data('{"<<": {"a": "1"}}', JSON) == {"<<": {"a": "1"}}


@pytest.mark.parametrize("value", ["text", "[text]", "[{a: 1}, [b]]"])
def test_only_mappings_can_be_merged(value: str) -> None:
    (problem,) = tree_problems(f"a: 1\n<<: {value}\n")
    assert problem.startswith("2:")
    assert "`<<` merges mappings only" in problem


@pytest.mark.parametrize("text", ["a: &a\n- *a\n", "a: &a {b: {c: *a}}\n", "&a a: 1\nb: &b [1, [*b]]\n"])
def test_an_alias_that_contains_itself_is_refused(text: str) -> None:
    (problem,) = tree_problems(text)
    assert problem.endswith(": this alias contains itself (remove the alias)")


def test_a_merge_of_itself_is_refused() -> None:
    assert len(tree_problems("a: &a\n  b: 1\n  <<: *a\n")) == 1


def test_an_alias_of_nothing_is_refused() -> None:
    (problem,) = tree_problems("a: 1\nb: *nothing\n")
    assert problem.startswith("2:4: broken YAML: found undefined alias")


def test_top_level_keys_that_hold_anchors_are_known() -> None:
    tree = a_tree(
        "common: &common {role: x}\n"
        "lists:\n  nets: &nets [a]\n"
        "rules: [{<<: *common, subnets: *nets}]\n"
        "alone: &alone 1\n"
    )
    assert {"common", "lists"} <= tree.shared
    assert "alone" not in tree.shared


def test_a_key_that_only_uses_an_anchor_holds_none() -> None:
    """`trackingID: *cluster` is a typo that must not get lost."""
    assert a_tree("cluster: &cluster batch\ntrackingID: *cluster\n").shared <= {"cluster"}


def test_a_file_that_unfolds_itself_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (problem,) = tree_problems("\n".join(lines))
    assert problem.endswith("the config unfolds to too many values (use fewer aliases)")


@pytest.mark.parametrize(
    ("text", "file"), [("[" * 3000 + "]" * 3000, "f.yaml"), ("[" * 100_000 + "]" * 100_000, "f.json")]
)
def test_a_file_that_is_nested_without_end_is_refused(text: str, file: str) -> None:
    (problem,) = tree_problems(text, file)
    assert problem.startswith("1:1: ")
    assert "nested too deeply" in problem


# -- tags ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("!Ref x", "!Ref"),
        ("!env 'x'", "!env"),
        ("!!python/name:os.system x", "tag:yaml.org,2002:python/name:os.system"),
        ("!<tag:example.org,2000:y> x", "tag:example.org,2000:y"),
    ],
)
def test_an_unknown_tag_is_refused(value: str, tag: str) -> None:
    assert tree_problems(f"a: 1\nb: {value}\n") == [f"2:4: the YAML tag `{tag}` is unknown (remove the tag)"]


@pytest.mark.parametrize("value", ["!GetAtt [a, b]", "!Sub {a: b}", "!!set {a}", "!!python/tuple [a]"])
def test_an_unknown_tag_of_a_list_or_mapping_is_refused(value: str) -> None:
    (problem,) = tree_problems(f"a: 1\nb: {value}\n")
    assert problem.startswith("2:4: the YAML tag `")


@pytest.mark.parametrize("value", ["!!binary aGVsbG8=", "!!foo x", "!!null x"])
def test_a_tag_that_would_change_the_value_is_refused(value: str) -> None:
    (problem,) = tree_problems(f"a: 1\nb: {value}\n")
    assert problem.startswith("2:4: the YAML tag `")


def test_a_tag_that_says_what_is_so_anyway_is_fine() -> None:
    assert data("a: !!str x\nb: !!map {c: !!seq [d]}\n") == {"a": "x", "b": {"c": ["d"]}}


# -- broken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place_of_it"),
    [
        ("a: 1\nb: [\n", "3:1"),
        ("a: 'x\n", "2:1"),
        ("a: 1\n b: 2\n", "2:3"),
        ("a: b: c\n", "1:5"),
        ("a:\n\t- b\n", "2:1"),
        ("a: @x\n", "1:4"),
        ("a: {b: 1}}\n", "1:10"),
        ('a: "\\q"\n', "1:5"),
        ("%YAML 3.0\n---\na: b\n", "1:1"),
    ],
)
def test_broken_yaml_is_told_at_its_place(text: str, place_of_it: str) -> None:
    (problem,) = tree_problems(text)
    assert problem.startswith(f"{place_of_it}: broken YAML: ")
    assert problem.endswith(
        "(mend the indentation or quote the value; `esprestack render` shows the text after templating)"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,\n "b": }', "2:7: broken JSON: Expecting value (mend the JSON here)"),
        ('{"a": 1 "b": 2}', "1:9: broken JSON: Expecting ',' delimiter (mend the JSON here)"),
        ("{'a': 1}", "1:2: broken JSON: Expecting property name enclosed in double quotes (mend the JSON here)"),
        ("a: 1\n", "1:1: broken JSON: Expecting value (mend the JSON here)"),
        ("// c\n{}", "1:1: broken JSON: Expecting value (mend the JSON here)"),
        ("{} {}", "1:4: broken JSON: Extra data (mend the JSON here)"),
        ('{"a": "x\ty"}', "1:9: broken JSON: Invalid control character at (mend the JSON here)"),
    ],
)
def test_broken_json_is_told_at_its_place(text: str, problem: str) -> None:
    assert tree_problems(text, JSON) == [problem]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(number: str) -> None:
    (problem,) = tree_problems(f'{{"a":\n {number}}}', JSON)
    assert problem.startswith("2:2: broken JSON")


def test_a_number_that_json_does_not_have_is_told_where_it_stands() -> None:
    (problem,) = tree_problems('{"a": "NaN",\n"NaN": NaN}', JSON)
    assert problem.startswith("2:8: broken JSON")


def test_tabs_between_the_values_of_json_are_white_space() -> None:
    assert data('{\n\t"a":\t1,\t"b": [\t"x"\t]\n}', JSON) == {"a": "1", "b": ["x"]}


def test_json_may_be_written_without_any_space_or_with_breaks_anywhere() -> None:
    assert data('{"a":1,"b":{"c":[true,null,-1.5e3]}}', JSON) == {"a": "1", "b": {"c": ["true", None, "-1.5e3"]}}
    assert data('{\n"a"\n:\n1\n,\n"b"\n:\n{\n}\n}', JSON) == {"a": "1", "b": {}}


def test_a_long_key_of_json_is_a_key() -> None:
    assert data(json.dumps({"k" * 2000: "x"}), JSON) == {"k" * 2000: "x"}


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x1b", "\x7f", "\ufffe"])
def test_control_characters_are_refused_at_their_place(character: str) -> None:
    assert tree_problems(f"a: 1\nb: x{character}y\n") == [
        f"2:5: the character U+{ord(character):04X} may not stand in a config (remove it, or write it as an escape)"
    ]


# -- our own characters ----------------------------------------------------------------------------------------


def test_private_use_characters_that_are_ours_are_refused() -> None:
    """A file could forge a seal with them."""
    for character in ("\uf100", "\uf105", "\uf119", "\uf12f"):
        with pytest.raises(ConfigError) as error:
            check_reserved(Source("f.yaml", f"a: 1\nb: x{character}\n"))
        what = f"the private-use character U+{ord(character):04X} may not stand in a config"
        assert str(error.value) == f"f.yaml:2:5: {what} (remove it)"


def test_other_private_use_characters_are_texts() -> None:
    check_reserved(Source("f.yaml", "icon: \ue0a0\uf0ff\uf130"))


# -- replaced: the text as it was, with other values -----------------------------------------------------------


def masked(text: str, file: str = "ecschedule.yaml") -> str:
    def shown(_: str, value: Any) -> Any:
        if isinstance(value, list):
            return [shown("", item) for item in value]
        return "(secret)" if value.strip() == "hunter22" else value

    return a_tree(text, file).replaced(text, shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: hunter22 # why\nb: 'x'\n", "a: \"(secret)\" # why\nb: 'x'\n"),
        ("a: {b: 'hunter22', c: [x, hunter22]}\n", 'a: {b: "(secret)", c: [x, "(secret)"]}\n'),
        ("a: 'é😀'\nb: hunter22\n", "a: 'é😀'\nb: \"(secret)\"\n"),
        ("a: |\n  hunter22\nb: x\n", 'a: "(secret)"\nb: x\n'),
        ("a:\n- >-\n  hunter22\n\n- b\n", 'a:\n- "(secret)"\n\n- b\n'),
        ("a: nothing\n", "a: nothing\n"),
    ],
)
def test_values_are_replaced_where_they_stand(text: str, expected: str) -> None:
    replaced = masked(text)
    assert data(replaced) == data(expected)
    assert [line for line in replaced.split("\n") if line.strip()] == [
        line for line in expected.split("\n") if line.strip()
    ]


def test_a_value_with_an_anchor_keeps_it() -> None:
    replaced = masked("a: &pw hunter22\nb: *pw\n")
    assert data(replaced) == {"a": "(secret)", "b": "(secret)"}


def test_values_of_json_are_replaced_too() -> None:
    assert masked('{"a":\t"hunter22",\n"b": ["x"]}', JSON) == '{"a":\t"(secret)",\n"b": ["x"]}'


# -- any text --------------------------------------------------------------------------------------------------

PARTS = [
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "<<",
    "!x ",
    "|",
    "# ",
    "---\n",
    "? ",
    "\t",
    "1",
    "\\",
]


@QUICK
@given(st.text() | st.lists(st.sampled_from(PARTS)).map("".join), st.sampled_from(["f.yaml", "f.json"]))
def test_any_text_is_a_tree_or_an_error_of_config(text: str, file: str) -> None:
    try:
        tree = a_tree(text, file)
    except ConfigError as error:
        assert error.problems
        assert all(problem.where and problem.where.file == file for problem in error.problems)
    else:
        assert is_data(tree.data)
        assert tree.where(()).line >= 1


def is_data(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_data(item) for key, item in value.items())
    return all(map(is_data, value)) if isinstance(value, list) else value is None or isinstance(value, Scalar)
