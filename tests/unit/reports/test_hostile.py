"""No text of a config or of AWS mentions anybody, links, breaks a table, closes a fence or looks like a marker of ours."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from tests.unit.builders import SCOPE, a_plan, a_rule, live
from tests.unit.reports.hostile import TEXTS

from esprestack.backends.base import Write
from esprestack.errors import Problem, Where
from esprestack.plan.model import Action, Change, Plan
from esprestack.plan.outcome import Outcome, Result, Step
from esprestack.reports.before_after import new_collisions
from esprestack.reports.drift_issue import drift_text
from esprestack.reports.markdown import COMMENT_BYTES, outcome_markdown, plan_markdown, problems_markdown
from esprestack.reports.sections import Facts, Section, comment_body, sections_of
from esprestack.reports.when import Reader

FILES = "https://github.com/octo/batch/blob/0123"


class Seen(HTMLParser):
    """What a reader of the page sees: the tags, the links, and the text that isn't code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.cells: list[int] = []
        self.depth = self.open_details = 0
        page = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.depth += tag in ("code", "pre")
        self.open_details += tag == "details"
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in ("code", "pre")
        self.open_details -= tag == "details"

    def handle_data(self, data: str) -> None:
        self.text += "" if self.depth else data


OURS = {
    *("h3", "p", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "br"),
    *("details", "summary", "ul", "li", "blockquote", "sub"),
}


def assert_harmless(markdown: str, *, links: int = 0) -> Seen:
    seen = Seen(markdown)
    assert set(seen.tags) - {"a"} <= OURS, set(seen.tags) - OURS
    assert all(link.startswith(FILES) for link in seen.links), seen.links
    assert len(seen.links) == links
    assert not re.search(r"(?<![\w`/])@[A-Za-z]", seen.text), "somebody is mentioned"
    assert not re.search(r"(?<!\w)#\d|GH-\d", seen.text), "something is referred to"
    assert not re.search(r"https?://\w|www\.\w", seen.text), "GitHub would link it"
    assert seen.open_details == 0
    return seen


def hostile_plan(text: str) -> Plan:
    plan = a_plan(
        [a_rule("a", description=text, environment={"X": text}), a_rule("b")],
        [live(a_rule("a")), live(a_rule("c", description=text))],
        prune=True,
    )
    changes = [*plan.changes, Change(text, Action.CONFLICT, reason=f"tracked by `{text}`")]
    return Plan(text, SCOPE, tuple(changes), notes=(f"a note on `{text}` and {text}",))


@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_shows_it_as_text(text: str) -> None:
    seen = assert_harmless(plan_markdown([hostile_plan(text)], [], COMMENT_BYTES, "esprestack diff"))
    assert set(seen.cells) == {6}


@pytest.mark.parametrize("text", TEXTS)
def test_times_and_collisions_show_it_as_text(text: str) -> None:
    nightly = {"scheduleExpression": "cron(15 18 * * ? *)"}
    changes = [Change(f"{text}{at}", Action.CREATE, after=nightly) for at in range(12)]
    changes += [
        Change(f"{text}-{at}", Action.CREATE, after={"scheduleExpression": "cron(5 1 * * ? *)"}) for at in range(3)
    ]
    reader = Reader(datetime(2026, 11, 23, 19, tzinfo=UTC))
    seen = assert_harmless("\n".join(new_collisions([Plan(text, SCOPE, tuple(changes))], reader)))
    assert seen.tags.count("code") == 8 + 3
    moved = Change("y", Action.UPDATE, before=nightly, after={"scheduleExpression": text, "timezone": text})
    seen = assert_harmless(plan_markdown([Plan(text, SCOPE, (moved,))], [], COMMENT_BYTES, "t", reader))
    assert set(seen.cells) == {6}


@pytest.mark.parametrize("text", TEXTS)
def test_findings_and_aws_errors_show_it_as_text(text: str) -> None:
    problems = [Problem(f"AWS said: {text}", Where(f"dir/{text}.yaml", 3, 1), f"do `{text}` or {text}")]
    assert_harmless(problems_markdown(problems, "esprestack diff"))
    seen = assert_harmless(problems_markdown(problems, "esprestack diff", Reader(files=FILES)), links=1)
    assert seen.links[0].endswith("#L3")


@pytest.mark.parametrize("text", TEXTS)
def test_an_outcome_shows_it_as_text(text: str) -> None:
    change = Change(text, Action.UPDATE, write=Write(text, None, None))
    outcome = Outcome(hostile_plan("x"), (Step(change, Result.FAILED, Problem(f"{text}: {text}")),))
    seen = assert_harmless(outcome_markdown([outcome], COMMENT_BYTES, "esprestack apply"))
    assert set(seen.cells) == {3}


@pytest.mark.parametrize("text", TEXTS)
def test_a_drift_issue_shows_it_as_text(text: str) -> None:
    plan = hostile_plan(text)
    assert_harmless(drift_text(plan, f"Drift: {text}", {"a": text, text: text}, Reader()))


@pytest.mark.parametrize("text", TEXTS)
def test_no_section_of_the_comment_is_forged(text: str) -> None:
    facts = Facts(leg="a", label=text, commit="c" * 40, summary=text)
    section = Section(facts, plan_markdown([hostile_plan(text)], [], 30_000, "esprestack diff"))
    body = comment_body("default", [section, Section(Facts(leg="b"), "### x\n")], "c" * 40, COMMENT_BYTES)
    assert sections_of(body) == [section, Section(Facts(leg="b"), "### x\n")]
    assert len(re.findall(r"^<!-- esprestack:default -->\s*$", body, re.MULTILINE)) == 1
    assert_harmless(body)


def test_the_corpus_is_large_enough() -> None:
    assert len(set(TEXTS)) >= 70
