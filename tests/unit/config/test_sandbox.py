"""A template that runs away is stopped by count and size, the same way each time, and never by the clock."""

import pytest
from tests.unit.config.builders import Given

from esprestack.errors import ConfigError

GIVEN = Given(secrets={"TOKEN": "s3cret-value"})


def refused(template: str) -> str:
    with pytest.raises(ConfigError) as error:
        GIVEN.render(template)
    (problem,) = error.value.problems
    return str(problem)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}xxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "{% for i in range(99999) %}{% set x = range(99999) | list %}{% endfor %}",
        "{% set l = range(99999) | list %}{% for i in range(99999) %}{% if -1 in l %}{% endif %}{% endfor %}",
        "{% set l = range(99999) | list %}{% for i in range(99999) %}{% set x = l[1:] %}{% endfor %}",
        "{% set r = range(99999) %}{% for i in r %}{{ r | sum }}{% endfor %}",
        "{% for i in range(99999) %}" + "x" * 9999 + "{% endfor %}",
        "{% set x %}{% for i in range(99999) %}" + "x" * 9999 + "{% endfor %}{% endset %}",
    ],
)
def test_steps_are_counted(template: str) -> None:
    assert "the template takes more than 300,000 steps (look for a loop or a number" in refused(template)


@pytest.mark.parametrize(
    "template",
    [
        "{% set n = namespace(x='x' * 999) %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x='x' * 999) %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ [1, 2] * 9999999 }}",
        "{{ ('x' * 99999) | replace('', 'y' * 99999) }}",
        "{{ ('x' * 99999).replace('x', 'y' * 99999) }}",
        "{{ range(99999) | list | join('y' * 99999) }}",
        "{{ ('a\n' * 99999) | indent(9999) }}",
        "{% for i in range(100) %}{{ 'x' * 99999 }}{% endfor %}",
    ],
)
def test_sizes_are_bounded(template: str) -> None:
    assert "the rendered config grows beyond 5,000,000 characters" in refused(template)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 'x' | center(10 ** 9) }}", "a number given to `center` is larger than 100,000"),
        ("{{ 'x' | indent(999999) }}", "a number given to `indent` is larger than 100,000"),
        ("{{ '%999999d' % 1 }}", "a width in `%999999d` is too large"),
        ("{{ '%*d' % (99999999, 1) }}", "a width in `%*d` is too large"),
        ("{{ '{:999999}'.format(1) }}", "a width in `{:999999}` is too large"),
        ("{{ '%999999d' | format(1) }}", "a width in `%999999d` is too large"),
        ("{{ 7 ** 99999 }}", "a number grows beyond 10,000 bits"),
        ("{% set n = namespace(x=7) %}{% for i in range(40) %}{% set n.x = n.x * n.x %}{% endfor %}", "10,000 bits"),
        ("{{ range(10 ** 9) | list }}", "Range too big"),
        ("{{ 'x'.ljust(5) }}", "is not safely callable"),
        ("{{ 'x'.zfill(5) }}", "is not safely callable"),
    ],
)
def test_one_large_number_is_refused(template: str, said: str) -> None:
    assert said in refused(template)


@pytest.mark.parametrize("name", ["random", "pprint", "urlize", "xmlattr", "forceescape"])
def test_filters_that_are_of_no_use_in_a_config_are_not_there(name: str) -> None:
    assert f"No filter named '{name}'" in refused(f"a: {{{{ 'x' | {name} }}}}")


def test_recursive_loops_are_refused() -> None:
    assert "recursive loops are not understood here" in refused("{% for i in [1] recursive %}{% endfor %}")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            "{% for i in range(3) %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}",
            "1/3,2/3,3/3",
        ),
        ("{{ 'a' ~ 1 ~ 'b' }}", "a1b"),
        ("{{ 2 ** 10 }}", "1024"),
        ("{{ '%02d' % 7 }}", "07"),
        ("{{ 123456789 | string }}", "123456789"),
        ("{{ [3, 1, 2] | sort | join('-') }}", "1-2-3"),
        ("{{ '' | default('x', true) }}", "x"),
        ("{{ 'a,b'.split(',')[1:] | first }}", "b"),
        ("{{ 'b' in ['a', 'b'] }}", "True"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
    ],
)
def test_what_configs_do_is_done(template: str, text: str) -> None:
    assert GIVEN.text(template) == text


def test_a_config_of_many_rules_is_far_from_the_limits() -> None:
    template = (
        "{% for i in range(3000) %}\n- name: job-{{ i }}\n  command: [run, {{ 'x' ~ i }}, {{ i * 2 }}]"
        "\n  scheduleExpression: rate(1 day)\n{% endfor %}"
    )
    assert GIVEN.text(template).count("- name") == 3000
