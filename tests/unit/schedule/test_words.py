"""What an expression says in English, beside the golden file of all vectors."""

import pytest

from esprestack.schedule import Dialect, explain, parse


@pytest.mark.parametrize(
    ("expression", "timezone", "explanation"),
    [
        ("cron(15 18 * * ? *)", "UTC", "at 18:15 UTC every day"),
        ("cron(15 0/6 ? * MON-FRI *)", "UTC", "at 00:15, 06:15, 12:15 and 18:15 UTC on weekdays"),
        ("cron(0 0/2 * * ? *)", "UTC", "every 2 hours from 00:00 UTC every day"),
        ("cron(15 1/2 ? * SAT,SUN *)", "UTC", "every 2 hours from 01:15 UTC on Saturdays and Sundays"),
        ("cron(* * * * ? *)", "UTC", "every minute"),
        ("cron(5/15 * * * ? *)", "UTC", "every 15 minutes from 5 past"),
        ("cron(5/15 * * * ? *)", "Asia/Kolkata", "every 15 minutes from 5 past (Asia/Kolkata)"),
        ("cron(30 * ? * MON *)", "Asia/Kolkata", "at 30 past every hour on Mondays (Asia/Kolkata)"),
        ("cron(0/7 * * * ? *)", "UTC", "at 0, 7, 14, 21, 28, 35, 42, 49 and 56 past every hour"),
        ("cron(10/20 0/3 * * ? *)", "UTC", "every 20 minutes from 10 past, in every 3rd hour from 00:00 UTC every day"),
        ("cron(* 9 * * ? *)", "UTC", "every minute, from 09:00 to 09:59 UTC every day"),
        ("cron(0 8-17 * * ? *)", "Asia/Tokyo", "on the hour, from 08:00 to 17:00 Asia/Tokyo every day"),
        ("cron(0 9 L * ? *)", "UTC", "at 09:00 UTC on the last day of the month"),
        ("cron(0 9 1,15 1-6 ? *)", "UTC", "at 09:00 UTC on the 1st and 15th of January to June"),
        ("cron(0 9 1W,15W * ? *)", "UTC", "at 09:00 UTC on the weekday nearest to the 1st and 15th of the month"),
        ("cron(0 9 ? * 3#2 *)", "UTC", "at 09:00 UTC on the second Tuesday of the month"),
        ("cron(0 9 ? * 2L,6L *)", "UTC", "at 09:00 UTC on the last Monday and Friday of the month"),
        ("cron(0 9 ? * 2-6 2026-2030)", "UTC", "at 09:00 UTC on weekdays from 2026 to 2030"),
        ("cron(0 9 1 1 ? 2026/3)", "UTC", "at 09:00 UTC on the 1st of January in every 3rd year from 2026"),
        ("rate(1 hour)", "UTC", "every hour"),
        ("rate(15 minutes)", "UTC", "every 15 minutes"),
        ("at(2026-12-01T09:00:00)", "Asia/Tokyo", "once, at 2026-12-01 09:00 Asia/Tokyo"),
    ],
)
def test_an_explanation_reads_as_english(expression: str, timezone: str, explanation: str) -> None:
    assert explain(parse(expression, Dialect.SCHEDULER), timezone) == explanation
