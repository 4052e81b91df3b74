"""The comment of several jobs: each writes its own section, and all of them stand in it, however long."""

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.builders import a_plan, a_rule

from esprestack.plan.binding import compact, from_compact, require_part
from esprestack.reports.markdown import COMMENT_BYTES, plan_markdown
from esprestack.reports.sections import Facts, Section, comment_body, marker, merged, sections_of

COMMIT = "c" * 40


def a_section(leg: str = "a", text: str = "### esprestack diff\n\n**1 to create**\n", **facts: object) -> Section:
    given = {"leg": leg, "commit": COMMIT, "planHash": f"hash-{leg}", "summary": "1 to create"} | facts
    return Section(Facts.model_validate(given), text)


def body(*sections: Section, budget: int = COMMENT_BYTES) -> str:
    return comment_body("default", sections, COMMIT, budget)


def test_the_comment_begins_with_marker_commit_hash_and_version() -> None:
    first, second, *_ = body(a_section()).splitlines()
    assert first == marker("default") == "<!-- esprestack:default -->"
    assert json.loads(second.removeprefix("<!-- ").removesuffix(" -->")) == {
        "commit": COMMIT,
        "planHash": "hash-a",
        "version": "0.1.0",
    }


def test_sections_are_read_back_as_they_were_written() -> None:
    sections = [a_section("a", label="prod"), a_section("b", label="staging --> <x>", of=("one",))]
    assert sections_of(body(*sections)) == sections


def test_a_windows_line_ending_changes_nothing() -> None:
    assert sections_of(body(a_section()).replace("\n", "\r\n")) == [a_section()]


def test_ours_takes_the_place_of_its_former_self_and_leaves_the_others() -> None:
    before = body(a_section("a", label="x"), a_section("b", label="y"))
    ours = a_section("b", "### new\n", label="y")
    assert merged([before], ours) == [a_section("a", label="x"), ours]


def test_sections_of_duplicates_are_gathered() -> None:
    bodies = [body(a_section("a")), body(a_section("b")), "no comment of ours"]
    assert [section.facts.leg for section in merged(bodies, a_section("c"))] == ["a", "b", "c"]


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_whatever_the_order_of_writing_the_comment_is_the_same(order: tuple[str, ...]) -> None:
    text = ""
    for leg in order:
        text = body(*merged([text], a_section(leg)))
    assert text == body(*(a_section(leg) for leg in "abc"))


def test_several_sections_are_summed_up_first_and_old_ones_are_marked() -> None:
    text = body(a_section("a", label="prod", commit="d" * 40), a_section("b", label="staging"))
    head = text[: text.index("<!-- esprestack:section")]
    assert "- **prod**: 1 to create (at the earlier commit dddddddddddd)" in head
    assert "- **staging**: 1 to create\n" in head


def test_an_apply_takes_the_place_of_the_plan_it_carried_out_and_keeps_what_was_reviewed() -> None:
    plan = a_plan([a_rule("a")], [])
    planned = a_section("plan-job", of=("one",), plans=compact([plan]))
    other = a_section("other-job", of=("two",))
    applied = a_section("apply-job", "### esprestack apply\n", of=("one",), applied="done")
    sections = merged([body(planned, other)], applied)
    assert [section.facts.leg for section in sections] == ["apply-job", "other-job"]
    require_part([plan], from_compact(section.facts.plans for section in sections))
    again = merged([body(*sections)], applied)
    assert again == sections


def test_two_plans_of_the_same_thing_stand_side_by_side() -> None:
    sections = merged([body(a_section("a", of=("one",)))], a_section("b", of=("one",)))
    assert len(sections) == 2


def of_300_rules(label: str) -> Section:
    rules = [a_rule(f"{label}-{number:03}", environment={"A": "x" * 200}) for number in range(300)]
    plan = a_plan(rules, [])
    return a_section(label, plan_markdown([plan], [], 10_000_000, f"diff {label}"), label=label, plans=compact([plan]))


@pytest.mark.parametrize("number", [1, 2, 5, 40])
@pytest.mark.parametrize("budget", [COMMENT_BYTES, 30_000])
def test_however_many_sections_the_comment_fits_and_each_section_is_in_it(number: int, budget: int) -> None:
    large = of_300_rules("large")
    sections = [large, *(a_section(f"leg-{at:02}", large.text, label=f"leg-{at:02}") for at in range(number - 1))]
    text = body(*sections, budget=budget)
    assert len(text.encode()) <= budget
    assert [found.facts.leg for found in sections_of(text)] == [section.facts.leg for section in sections]
    assert text.count("<details>") == text.count("</details>")
    assert len(re.findall(r"(?m)^```", text)) % 2 == 0


def test_what_binds_the_apply_is_left_out_before_it_fills_the_comment() -> None:
    large = of_300_rules("large")
    assert sections_of(body(large))[0].facts.plans == large.facts.plans
    assert sections_of(body(large, budget=20_000))[0].facts.plans == {}


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_label_or_summary_breaks_the_hidden_lines(label: str, summary: str) -> None:
    section = a_section(label=label, summary=summary)
    (found,) = sections_of(body(section))
    assert (found.facts.label, found.facts.summary) == (label, summary)
