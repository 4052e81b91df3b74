"""From files to rules: which files are configs, how their bytes become text, and that nothing shifts on the way."""

from pathlib import Path

import pytest
from tests.unit.config.builders import NOW, SCOPE, Given, a_config, load

from esprestack.backends.base import Wanted
from esprestack.config.desired import desired_rules
from esprestack.config.load import Prepared, find_configs, read_source
from esprestack.errors import ConfigError, InputError
from esprestack.rule import Home

ROOT = Path(__file__).parents[3]

# -- which files -----------------------------------------------------------------------------------------------


def a_folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("cluster: batch\n")
    return path


def found(folder: Path, *patterns: str) -> list[str]:
    return [str(path.relative_to(folder)) for path in find_configs(patterns, folder)]


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["ecschedule.json", "ecschedule.yml", "ecschedule.yaml"], "ecschedule.yaml"),
        (["ecschedule.json", "ecschedule.yml"], "ecschedule.yml"),
        (["ecschedule.json", "other.yaml"], "ecschedule.json"),
    ],
)
def test_without_patterns_the_first_default_name_is_the_config(tmp_path: Path, names: list[str], chosen: str) -> None:
    assert found(a_folder(tmp_path, *names)) == [chosen]


def test_without_any_config_the_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        find_configs([], a_folder(tmp_path, "other.yaml"))
    assert f"none of ecschedule.yaml, ecschedule.yml, ecschedule.json, ecschedule.jsonnet is in {tmp_path}" in str(
        error.value
    )


def test_a_pattern_is_a_path_or_a_glob_below_the_folder(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "b.yaml", "a.yaml", "jobs/c.yml", "jobs/deep/d.json", "[x].yaml", "x.yaml")
    assert found(folder, "jobs/c.yml") == ["jobs/c.yml"]
    assert found(folder, "[ab].yaml") == ["a.yaml", "b.yaml"]
    assert found(folder, "**/*.json") == ["jobs/deep/d.json"]
    assert found(folder, str(folder / "?.yaml")) == ["a.yaml", "b.yaml", "x.yaml"]
    assert found(folder, str(folder / "jobs/c.yml")) == ["jobs/c.yml"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    assert found(a_folder(tmp_path, "[x].yaml", "x.yaml"), "[x].yaml") == ["[x].yaml"]


def test_each_file_counts_once_in_the_order_of_the_patterns(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "a.yaml", "b.yaml", "c.yaml")
    assert found(folder, "c.yaml", "*.yaml", "a.yaml") == ["c.yaml", "a.yaml", "b.yaml"]


def test_all_patterns_that_name_nothing_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        find_configs(["missing.yaml", "a.yaml", "jobs/*.yml"], a_folder(tmp_path, "a.yaml"))
    assert str(error.value).splitlines() == [
        f"no config file matches `missing.yaml` (looked below {tmp_path})",
        f"no config file matches `jobs/*.yml` (looked below {tmp_path})",
    ]


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`jobs` is a folder, not a config file"):
        find_configs(["jobs"], a_folder(tmp_path, "jobs/a.yaml"))


def test_a_glob_matches_no_folders(tmp_path: Path) -> None:
    assert found(a_folder(tmp_path, "a.yaml", "b.yaml/c.yaml"), "*.yaml") == ["a.yaml"]


@pytest.mark.parametrize("pattern", ["**.yaml", "jobs/**x/*", ""])
def test_a_pattern_that_is_no_glob_is_an_error_of_input(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(InputError):
        find_configs([pattern], tmp_path)


# -- bytes to text ---------------------------------------------------------------------------------------------


def source_of(folder: Path, content: bytes, name: str = "ecschedule.yaml") -> str:
    (folder / name).write_bytes(content)
    return read_source(folder / name, folder).text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"cluster: a\nrole: b\n", "cluster: a\nrole: b\n"),
        (b"cluster: a\r\nrole: b\r\n", "cluster: a\nrole: b\n"),
        (b"cluster: a\rrole: b\r", "cluster: a\nrole: b\n"),
        (b"\xef\xbb\xbfcluster: a\n", "cluster: a\n"),
        ("cluster: é😀\n".encode(), "cluster: é😀\n"),
        (b"", ""),
    ],
)
def test_a_file_is_utf8_with_any_line_breaks(tmp_path: Path, content: bytes, text: str) -> None:
    assert source_of(tmp_path, content) == text


@pytest.mark.parametrize(
    ("content", "byte"),
    [(b"cluster: \xff\n", 10), ("cluster: é".encode("latin-1"), 10), ("cluster: a".encode("utf-16"), 1)],
)
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes, byte: int) -> None:
    with pytest.raises(ConfigError) as error:
        source_of(tmp_path, content)
    assert str(error.value) == f"ecschedule.yaml: is not UTF-8 (byte {byte}) (save it as UTF-8)"


def test_a_file_is_named_as_seen_from_the_repository(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "jobs/batch.yaml")
    assert read_source(folder / "jobs/batch.yaml", folder).path == "jobs/batch.yaml"
    assert read_source(folder / "jobs/batch.yaml", folder / "elsewhere").path == str(folder / "jobs/batch.yaml")


@pytest.mark.parametrize("name", ["rules.toml", "ecschedule", "ecschedule.yaml.bak", "ecschedule.txt"])
def test_other_endings_are_no_configs(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is not a config's ending"):
        source_of(tmp_path, b"cluster: a\n", name)


def test_a_file_that_is_gone_is_an_error_of_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_source(tmp_path / "ecschedule.yaml", tmp_path)
    assert str(error.value) == "ecschedule.yaml: can't be read: No such file or directory"


# -- nothing shifts --------------------------------------------------------------------------------------------

BROKEN = """\
cluster: batch
{# one
   two #}
rules:
- name: report
  scheduleExpression: rate(1 day)
  taskDefinition: {{ must_env `TASK` }}
  descripton: x
  tags: {a: {{ 'é' }}, b: [c]}
"""


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["no-bom", "bom"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_places_are_the_same_with_any_line_breaks_and_a_bom(tmp_path: Path, bom: bytes, line_break: str) -> None:
    text = source_of(tmp_path, bom + BROKEN.replace("\n", line_break).encode())
    assert Given().places(text) == ["7:19", "8:3", "9:27"]


def test_values_are_the_same_with_any_line_breaks(tmp_path: Path) -> None:
    text = a_config("description: |", "  one", "  two", "group: '{{ env `N` `x\n  y` }}'")
    windows = source_of(tmp_path, text.replace("\n", "\r\n").encode())
    assert Given().rules(windows) == Given().rules(text)


# -- prepare ---------------------------------------------------------------------------------------------------


def test_a_file_without_tags_goes_through_no_template() -> None:
    text = a_config("description: '{ % # } 100 % sure'")
    prepared = Given().prepare(text)
    assert (prepared.text, prepared.missing) == (text, ())


def test_a_file_with_tags_is_rendered() -> None:
    prepared = Given(env={"STAGE": "prod"}).prepare("cluster: {{ must_env `STAGE` }}\nrole: {{ must_env `NO` }}\n")
    assert prepared.top("cluster") == "prod"
    assert [miss.what for miss in prepared.missing] == ["the environment variable `NO` is not set"]


def prepared(text: str) -> Prepared:
    return Given().prepare(text)


def test_a_top_level_text_is_known_before_the_model_is() -> None:
    config = prepared("cluster: batch\nregion:\nrole: [x]\ndescripton: y\n")
    assert config.top("cluster") == "batch"
    assert config.top("region", "cluster") == "batch"
    assert config.top("role") == config.top("nothing") == ""
    assert prepared("- a\n").top("cluster") == ""


def test_which_live_rules_are_meant_is_known_before_the_model_is() -> None:
    text = "rules:\n- name: a\n- {name: b, targetId: main}\n- {name: c, target_id: other}\n- nonsense\n- {x: y}\n"
    assert prepared(text).wanted == {"a": Wanted("a"), "b": Wanted("main"), "c": Wanted("other")}
    assert prepared("rules: nonsense\n").wanted == prepared("- a\n").wanted == {}


def test_the_home_of_rules_is_known_too() -> None:
    rules = "- name: a\n- {name: b, backend: rules}\n- {name: c, scheduleGroup: nightly}\n"
    text = f"backend: scheduler\nrules:\n{rules}"
    schedules = Home.SCHEDULER
    assert prepared(text).wanted == {
        "a": Wanted("a", schedules), "b": Wanted("b"), "c": Wanted("c", schedules, "nightly")
    }  # fmt: skip
    assert prepared("rules: [{name: a, backend: scheduler}]").wanted == {"a": Wanted("a", schedules)}


# -- desired rules ---------------------------------------------------------------------------------------------


def test_rules_keep_the_order_and_the_places_of_their_file() -> None:
    text = a_config("description: x") + "- {name: a, scheduleExpression: rate(1 hour), taskDefinition: t}\n"
    first, second = desired_rules(load(text), SCOPE, NOW)
    assert (first.rule.name, second.rule.name) == ("report", "a")
    assert str(first.place("description")) == "ecschedule.yaml:6:16"
    assert str(first.place("group", "taskDefinition", "description")) == "ecschedule.yaml:5:19"
    assert str(first.place("group")) == "ecschedule.yaml:3:9"
    assert str(second.place("scheduleExpression")) == "ecschedule.yaml:7:33"


def test_the_example_is_read() -> None:
    path = ROOT / "examples/demo/ecschedule.yaml"
    given = Given(secrets={"MARKETPLACE_TOKEN": "hunter22", "REPORT_DB_PASSWORD": "hunter23"})
    rules = given.rules(read_source(path, ROOT).text)
    assert {"nightly-report", "price-feed-tokyo", "price-feed-osaka"} <= {rule.name for rule in rules}
    assert "hunter" not in str(rules)
