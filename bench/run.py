"""What docs/performance.md quotes, in one command: `make bench`."""

import json
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # another distribution installs a package `tests` too

from bench import applying, planning, schedule, scheduling  # noqa: E402
from bench.processes import PROGRAM, environment, run, shown, timed  # noqa: E402

RULES = 300
STARTUP_LIMIT = 5.0
OFFLINE_LIMIT = 0.6


def main() -> int:
    failed = startup() + validate_offline() + schedule.main() + planning.main() + applying.main()
    failed += scheduling.main()
    return 1 if failed else 0


def startup() -> int:
    """`esprestack --version` beside the shortest Python process, in turn."""
    ours, python = [], []
    for _ in range(20):
        ours.append(timed([str(PROGRAM), "--version"]))
        python.append(timed([sys.executable, "-c", "pass"]))
    ratio = statistics.median(ours) / statistics.median(python)
    print(f"start-up: {shown(ours)}, python -c pass: {shown(python)}, ratio {ratio:.1f} (limit {STARTUP_LIMIT:.0f})")
    return int(ratio > STARTUP_LIMIT)


def validate_offline() -> int:
    """A whole process: 300 rules with five look-ups each, rendered and checked without AWS."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ecschedule.yaml").write_text(templated_config())
        (Path(folder) / "terraform.tfstate").write_text(json.dumps(a_state()))
        environ = environment("http://127.0.0.1:9") | {"STAGE": "prod", "ESPRESTACK_VARS": '{"TEAM": "batch"}'}
        seconds = [run(["validate", "--offline"], folder, environ) for _ in range(9)]
    print(f"validate --offline of {RULES} rules with 5 look-ups each: {shown(seconds)} (limit {OFFLINE_LIMIT} s)")
    return int(statistics.median(seconds) > OFFLINE_LIMIT)


def templated_config() -> str:
    rules = "".join(
        f"""\
- name: job-{number:03}
  description: "{{{{ must_env `STAGE` }}}}: job {number} of {{{{ var('TEAM') }}}}"
  scheduleExpression: cron({number % 60} {number % 24} * * ? *)
  taskDefinition: reports
  launch_type: FARGATE
  network_configuration:
    aws_vpc_configuration:
      subnets: [{{{{ tfstate `aws_subnet.private[0].id` }}}}, "{{{{ tfstatef `aws_subnet.private[%s].id` `1` }}}}"]
  containerOverrides:
  - name: app
    command: [bin/job, "{number}"]
    environment:
      TZ: {{{{ env "NO_ZONE" "Asia/Tokyo" }}}}
"""
        for number in range(RULES)
    )
    plugins = "plugins:\n- name: tfstate\n  config: {path: terraform.tfstate}\n"
    return f"region: ap-northeast-1\ncluster: batch\n{plugins}rules:\n{rules}"


def a_state() -> dict[str, object]:
    instances = [{"index_key": index, "attributes": {"id": f"subnet-0a1b2c3{index}"}} for index in (0, 1)]
    subnets = {"mode": "managed", "type": "aws_subnet", "name": "private", "instances": instances}
    return {"version": 4, "outputs": {}, "resources": [subnets]}


if __name__ == "__main__":
    raise SystemExit(main())
