"""Whatever a rule holds, it is judged without a failure, and each finding stands in the file with its table's severity."""

from dataclasses import replace

from hypothesis import given, settings
from tests.unit.checks.builders import a_definition, a_fargate_definition, a_role
from tests.unit.config.builders import NOW, SCOPE, load_untemplated
from tests.unit.strategies import QUICK, rules, schedules

from esprestack.checks.codes import CODES
from esprestack.checks.finding import Finding
from esprestack.checks.offline import offline_findings
from esprestack.checks.online import online_findings, wanted_facts
from esprestack.config.desired import Desired, desired_rules
from esprestack.config.words import to_words
from esprestack.facts import Absent, Facts, TaskDefinitionFact
from esprestack.reports.yaml_text import to_yaml
from esprestack.rule import Rule, with_texts
from esprestack.secrets import Vault


def read(rule: Rule) -> tuple[list[Desired], int]:
    """The rule as a config has it, and the number of the file's lines."""
    text = to_yaml({"cluster": "batch", "rules": [to_words(rule)]})
    return desired_rules(load_untemplated(text), SCOPE, NOW), text.count("\n") + 1


def findings(rules: list[Desired], vault: Vault, definition: TaskDefinitionFact) -> list[Finding]:
    wanted = wanted_facts(rules, vault)
    facts = Facts(dict.fromkeys(wanted.task_definitions, definition), dict.fromkeys(wanted.roles, a_role()))
    return [*offline_findings(rules, SCOPE, vault, NOW), *online_findings(rules, SCOPE, facts, vault)]


@settings(QUICK, max_examples=15)
@given(rules() | schedules())
def test_any_rule_is_judged(rule: Rule) -> None:
    desired, lines = read(rule)
    for definition in (Absent(), a_definition(), a_fargate_definition()):
        for finding in findings(desired, Vault(), definition):
            problem = finding.problem
            assert (finding.rule, problem.severity) == (rule.name, CODES[problem.code][0])
            assert problem.where is not None
            assert 1 <= problem.where.line <= lines


@settings(QUICK, max_examples=15)
@given(rules() | schedules())
def test_a_sealed_rule_is_judged_as_the_open_one_and_shows_nothing(rule: Rule) -> None:
    """Every text of it is a secret; what no secret may stand in (names, keys) makes no difference to a check."""
    desired, _ = read(rule)
    vault = Vault()
    sealed = [
        replace(item, rule=with_texts(item.rule, lambda text: vault.seal("", text) if text else "")) for item in desired
    ]
    open_codes = sorted(finding.problem.code for finding in offline_findings(desired, SCOPE, vault, NOW))
    found = offline_findings(sealed, SCOPE, vault, NOW)
    assert sorted(finding.problem.code for finding in found) == [
        code for code in open_codes if code != "schedule-doubtful"
    ]
    values = [value for value in vault.values() if len(value) > 12]
    for finding in found:
        assert not any(value in f"{finding.problem.what} {finding.problem.todo}" for value in values)
