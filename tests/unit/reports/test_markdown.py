"""The comment: valid Markdown at every size, with nothing hostile in it."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.unit.builders import a_plan, a_rule, live

from esprestack.errors import Problem, Where
from esprestack.plan.model import Plan
from esprestack.reports.gfm import code, inline
from esprestack.reports.markdown import COMMENT_BYTES, plan_markdown, problems_markdown
from esprestack.reports.when import Reader

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "@octocat", "#1", "GH-1", "octo/batch#1", "[a](http://example.com)", "<img src=x onerror=y>", "</details>", "```",
    "`````", "| a | b |", "*bold* _it_ ~~x~~", "![i](x)", "http://example.com", "www.example.com", "<!-- x -->",
    "- [ ] x",
    "> q", "1. x", "\\", "`", "``", "a`b|c`", "&lt;", "&amp;", "<details>", "line\nbreak", "\r\n# h",
    "{{ x }}", "$a$", "::error::x", "\u202e", "x|y\\|z", "| `",
    "` |", "<script>", "^x^", "~", "+", "-", "***", "---", "===",
]  # fmt: skip


def tokens(text: str) -> list[str]:
    return [
        token.type
        for block in GFM.parse(text)
        for token in [block, *(block.children or [])]
        if token.type not in ("paragraph_open", "paragraph_close", "inline", "text", "softbreak")
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_running_text_keeps_its_words_and_gets_no_meaning(text: str) -> None:
    found = tokens("x " + inline(text))
    assert set(found) <= {"code_inline"}, found
    rendered = GFM.render("x " + inline(text))
    assert not re.search(r"(^|[^\w`])@\w", re.sub(r"<code>.*?</code>", "", rendered))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_code_span_in_a_table_stays_one_cell(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {code(text)} | end |\n"
    found = GFM.render(table)
    assert found.count("<td>") == 2
    assert "<td>end</td>" in found


@settings(deadline=None, max_examples=80)
@given(st.text(max_size=40))
def test_any_text_in_a_cell_leaves_the_table_whole(text: str) -> None:
    found = GFM.render(f"| a | b |\n|---|---|\n| {code(text)} | {inline(text)} |\n")
    assert found.count("<td>") == 2


def many(number: int, **members: object) -> Plan:
    wanted = [
        a_rule(f"job-{index:03}", environment={"LONG": "x" * 300}, description="d", **members)
        for index in range(number)
    ]
    return a_plan(wanted, [live(a_rule(f"old-{index}")) for index in range(40)], prune=True, max_deletes=99)


def balanced(text: str) -> bool:
    fences = re.findall(r"(?m)^(````*)", text)
    return len(fences) % 2 == 0 and text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("number", [1, 30, 100, 300, 900])
def test_the_comment_fits_and_names_every_delete(number: int) -> None:
    text = plan_markdown([many(number)], [], COMMENT_BYTES, "esprestack diff")
    assert len(text.encode()) <= COMMENT_BYTES
    assert balanced(text)
    assert all(f"`old-{index}`" in text for index in range(40))
    assert f"{number} to create" in text


@pytest.mark.parametrize("budget", [2_000, 10_000, 30_000])
def test_a_smaller_budget_steps_down_and_says_where_the_rest_is(budget: int) -> None:
    text = plan_markdown([many(60)], [], budget, "esprestack diff")
    assert len(text.encode()) <= budget
    assert "summary" in text


def test_a_fence_is_longer_than_any_in_the_diff() -> None:
    plan = a_plan([a_rule("a", environment={"X": "````\n````diff\n```"})], [])
    text = plan_markdown([plan], [], COMMENT_BYTES, "t")
    assert "`````diff" in text
    assert balanced(text)


def test_a_disabled_rule_and_a_new_schedule_are_seen_in_the_table() -> None:
    plan = a_plan([a_rule("a", enabled=False, schedule_expression="rate(2 hours)")], [live(a_rule("a"))])
    text = plan_markdown([plan], [], COMMENT_BYTES, "t")
    assert "| ~ | `a` | update (disabled) | `rate(1 hour)` → `rate(2 hours)`<br>every 2 hours |" in text


def test_the_table_says_when_in_words_and_the_next_run_in_both_time_zones() -> None:
    plan = a_plan([a_rule("a", schedule_expression="cron(15 18 ? * MON-FRI *)")], [])
    reader = Reader(datetime(2026, 11, 23, 19, tzinfo=UTC), ZoneInfo("Asia/Tokyo"), "Asia/Tokyo")
    text = plan_markdown([plan], [], COMMENT_BYTES, "t", reader)
    assert "<br>at 18:15 UTC on weekdays; in Asia/Tokyo at 03:15 the day after<br>0 → 5 runs a week |" in text
    then = "then Thu 2026-11-26 03:15, Fri 2026-11-27 03:15"
    assert f"| Wed 2026-11-25 03:15 JST, Tue 18:15 UTC<br>{then} |" in text


def test_a_finding_links_to_its_line_at_the_commit() -> None:
    problem = Problem("`x` is missing", Where("jobs/a b.yaml", 3, 1), "add it")
    text = problems_markdown([problem], "t", Reader(files="https://github.com/octo/batch/blob/0123"))
    assert "[jobs/a b.yaml:3:1](https://github.com/octo/batch/blob/0123/jobs/a%20b.yaml#L3): `x` is missing" in text


def test_problems_come_first_with_their_places() -> None:
    problem = Problem("`x` is missing", Where("a.yaml", 3, 1), "add it")
    text = problems_markdown([problem], "esprestack diff")
    assert "a.yaml:3:1: `x` is missing" in text.replace("\\_", "_")
