"""Look-ups that have to ask somebody: what a file asks goes out together, and the file is rendered with the answers."""

import pytest
from tests.unit.config.builders import PATH, Given

from esprestack.config.lookups.base import (
    Function,
    JsonValue,
    LookupMissError,
    LookupPendingError,
    LookupUnknownError,
)
from esprestack.config.marks import Rendered
from esprestack.config.source import MISSING, Source
from esprestack.config.template import render
from esprestack.errors import ConfigError


class Asking:
    """A look-up that answers from `values`, after a fetch, and remembers what each fetch was for."""

    def __init__(self, **values: JsonValue) -> None:
        self.values = values
        self.answers: dict[str, JsonValue | LookupMissError] = {}
        self.asked: list[str] = []
        self.fetches: list[list[str]] = []

    def ssm(self, name: str) -> JsonValue:
        if name not in self.answers:
            if name not in self.asked:
                self.asked.append(name)
            raise LookupPendingError
        answer = self.answers[name]
        if isinstance(answer, LookupMissError):
            raise answer
        return answer

    def fetch(self) -> None:
        self.fetches.append(self.asked)
        for name in self.asked:
            self.answers[name] = self.values.get(name, LookupMissError(f"no parameter `{name}`", "put it"))
        self.asked = []

    def render(self, text: str, **functions: Function) -> Rendered:
        given = Given(env={"STAGE": "prod"})
        return render(Source(PATH, text), {**given.functions, "ssm": self.ssm, **functions}, self.fetch)


def test_everything_that_a_file_asks_goes_out_together() -> None:
    asking = Asking(a="1", b="2")
    assert asking.render("{{ ssm('a') }}-{{ ssm `b` }}-{{ ssm('a') }}").text == "1-2-1"
    assert asking.fetches == [["a", "b"]]


def test_a_question_can_hang_on_an_answer() -> None:
    asking = Asking(where="prod/db", **{"prod/db": "db.internal"})
    assert asking.render("{{ ssm(ssm('where')) }}").text == "db.internal"
    assert asking.fetches == [["where"], ["prod/db"]]


def test_what_the_template_makes_of_an_answer_counts_when_it_is_there() -> None:
    asking = Asking(count="3")
    assert asking.render("{% for i in range(ssm('count') | int) %}x{% endfor %}").text == "xxx"
    assert asking.render("{{ ['a', 'b', 'c', 'd'][ssm('count') | int] }}").text == "d"


def test_all_misses_are_told_together_with_their_places() -> None:
    rendered = Asking(a="1").render("x: {{ ssm('no') }}\ny: {{ ssm('a') }}{{ must_env('NO') }}\nz: {{ ssm('not') }}")
    assert [f"{miss.where}: {miss.what}" for miss in rendered.missing] == [
        f"{PATH}:1:4: no parameter `no`",
        f"{PATH}:2:18: the environment variable `NO` is not set",
        f"{PATH}:3:4: no parameter `not`",
    ]


def test_places_stay_right_through_the_rounds() -> None:
    rendered = Asking(a="1\n2").render("x: |\n  {{ ssm('a') }}\nyy: 1\n")
    assert str(rendered.locate(4, 1)) == f"{PATH}:3:1"


def test_questions_without_end_are_refused() -> None:
    asking = Asking()

    def deeper(name: str) -> str:
        if len(name) < 50:
            raise LookupPendingError
        return name

    with pytest.raises(ConfigError, match="look-ups need each other more than 10 deep"):
        asking.render("{{ deeper('x') }}", deeper=deeper)


def test_a_failure_with_all_answers_there_is_a_failure() -> None:
    with pytest.raises(ConfigError, match="1:1: the template fails: list object has no element 7"):
        Asking(n="7").render("{{ [1][ssm('n') | int] }}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is, 'quoted'", "as it is, 'quoted'"),
        (5432, "5432"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        (["a", "ü"], '["a","ü"]'),
        ({"a": [1, {"b": None}]}, '{"a":[1,{"b":null}]}'),
    ],
)
def test_an_answer_that_is_no_text_is_written_as_json(value: JsonValue, text: str) -> None:
    assert Asking(a=value).render("{{ ssm('a') }}").text == text


def test_an_answer_cannot_forge_a_seal() -> None:
    rendered = Asking(a="\uf100\uf110\uf101").render("{{ ssm('a') }}")
    assert [miss.what for miss in rendered.missing] == ["`ssm` answers with private-use characters"]


def test_what_nobody_may_be_asked_stays_unknown_without_a_complaint() -> None:
    def unknown(*_: str) -> JsonValue:
        raise LookupUnknownError

    rendered = Asking().render("{{ unknown('a') }}", unknown=unknown)
    assert (rendered.text, rendered.missing, rendered.unknown) == (MISSING, [], True)


# -- plugin ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["plugin('first_ssm', 'a')", "plugin `first_ssm` `a`"])
def test_plugin_calls_a_look_up_by_its_name(call: str) -> None:
    def first(name: str) -> JsonValue:
        return f"first {name}"

    assert Asking().render(f"{{{{ {call} }}}}", first_ssm=first).text == "first a"


def test_plugin_tells_what_it_does_not_know() -> None:
    (miss,) = Asking().render("a: {{ plugin('smm', 'a') }}").missing
    assert str(miss) == f"{PATH}:1:4: `smm` is no look-up (did you mean `ssm`?)"
