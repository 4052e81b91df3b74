"""Go's durations, as ecspresso's `timeout` has them."""

import pytest

from esprestack.config.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10m", 600.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("90s", 90.0), ("1500ms", 1.5), (".5s", 0.5), ("2µs", 2e-6)],
)
def test_a_duration_is_numbers_with_units(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["600", "1.5", "0"])
def test_a_bare_number_says_what_each_version_of_ecspresso_made_of_it(text: str) -> None:
    with pytest.raises(ValueError, match="v2 takes for nanoseconds and v3 for seconds: write `" + text):
        seconds(text)


@pytest.mark.parametrize("text", ["", "m", "10", "10 m", "10x", "-5m", "0s", "1m 30s", "1h30", "+"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"without a unit|must be a duration"):
        seconds(text)
