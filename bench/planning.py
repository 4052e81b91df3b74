"""5,000 rules in memory: the plan and the report of it, in a process of its own."""

import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES = 5000
SECONDS_LIMIT, MEBIBYTES_LIMIT = 1.5, 250.0


def main() -> int:
    """How many limits were passed."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.planning"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, mebibytes = map(float, done.stdout.split())
    print(
        f"plan and report of {RULES} rules: {seconds:.2f} s (limit {SECONDS_LIMIT} s), "
        f"{mebibytes:.0f} MiB (limit {MEBIBYTES_LIMIT:.0f})"
    )
    return int(seconds > SECONDS_LIMIT) + int(mebibytes > MEBIBYTES_LIMIT)


def measure() -> None:
    """Prints seconds and MiB, as in a process of the program: a tenth is new, a tenth is gone, a tenth is changed."""
    from tests.unit.builders import SCOPE, a_rule, desired, live

    from esprestack.backends.base import Live
    from esprestack.plan.compare import Veil
    from esprestack.plan.make import PlanOptions, make_plan
    from esprestack.process import begin
    from esprestack.reports.as_json import report, to_json
    from esprestack.reports.markdown import COMMENT_BYTES, plan_markdown
    from esprestack.reports.text import plan_text
    from esprestack.secrets import Vault

    begin()
    rules = [a_rule(f"job-{number}", environment={"N": str(number), "TZ": "Asia/Tokyo"}) for number in range(RULES)]
    tenth = RULES // 10
    found = [live(replace(rule, description="old") if at < tenth else rule) for at, rule in enumerate(rules[tenth:])]
    found += [live(a_rule(f"gone-{number}")) for number in range(tenth)]
    lives = Live(SCOPE, {rule.name: rule for rule in found}, frozenset(rule.name for rule in found))
    wanted = desired(*rules)
    vault = Vault()
    vault.know("PASSWORD", "correct-horse-battery")
    began = time.perf_counter()
    plan = make_plan("ecschedule.yaml", wanted, lives, PlanOptions(prune=True), Veil(vault))
    vault.mask(plan_markdown([plan], (), COMMENT_BYTES, "diff"))
    vault.mask(plan_text([plan], colour=False))
    to_json(report("diff", [plan]), vault.mask)
    print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    measure()
