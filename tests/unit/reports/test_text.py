"""The terminal's report: stable from run to run, in the config's own words."""

from tests.unit.builders import a_plan, a_rule, live

from esprestack.plan.model import Plan
from esprestack.reports.text import plan_text

GOLDEN = """\
ecschedule.yaml: cluster batch, eu-west-1, account 123456789012, tracking id batch

+ create new
    +- name: new
    +  scheduleExpression: rate(1 hour)
    +  taskDefinition: reports
    +  role: ecsEventsRole

~ update report: containerOverrides[app].environment.C, containerOverrides[app].environment.B
     - name: report
       scheduleExpression: rate(1 hour)
       taskDefinition: reports
       containerOverrides:
       - name: app
         environment:
           A: '1'
    -      B: '2'
    +      C: yes, with a comma
       role: ecsEventsRole

? orphan old (in no config any more)

1 to create, 1 to update, 1 orphaned
"""


def a_usual_plan() -> Plan:
    wanted = [a_rule("new"), a_rule(environment={"C": "yes, with a comma", "A": "1"})]
    return a_plan(wanted, [live(a_rule(environment={"B": "2", "A": "1"})), live(a_rule("old"))])


def test_the_report_reads_as_it_should() -> None:
    text = plan_text([a_usual_plan()], colour=False)
    assert text == GOLDEN


def test_colours_are_on_top_only() -> None:
    import re

    plain, coloured = (plan_text([a_usual_plan()], colour=colour) for colour in (False, True))
    assert "\033[" not in plain
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == plain


def test_no_change_is_one_line_that_says_so() -> None:
    text = plan_text([a_plan([a_rule()], [live(a_rule())])], colour=False)
    assert text.splitlines()[-1] == "No changes: AWS is what the config says (1 unchanged)"
