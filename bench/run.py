"""What docs/performance.md quotes, in one command: `make bench`.

Start-up of the program, and a diff of 300 rules through a front server that adds 30 ms to each call. The server runs in
a process of its own, so that it takes no time from the program's.
"""

import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # another distribution installs a package `tests` too

from bench import schedule  # noqa: E402
from tests.support.aws_front import AwsFront  # noqa: E402

RULES = 300
LATENCY = 0.030
PROGRAM = Path(sys.executable).parent / "esprestack"
STARTUP_LIMIT = 5.0
DIFF_LIMIT = 1.5
OFFLINE_LIMIT = 0.6


def main() -> int:
    failed = startup() + validate_offline() + diff_of_many_rules() + schedule.main()
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


def diff_of_many_rules() -> int:
    """A whole process: 300 tracked rules, unchanged, with the default --parallel."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url: str = ours.recv()
    environ = environment(url)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ecschedule.yaml").write_text(config())
        register(url)
        run(["apply", "--parallel", "20", "--format", "json"], folder, environ)
        ours.send("freeze")
        ours.recv()
        seconds = [run(["diff", "--exit-code"], folder, environ) for _ in range(9)]
        ours.send("count")
        calls = ours.recv() // len(seconds)
    server.terminate()
    most = RULES + math.ceil(RULES / 100) + 3
    print(f"diff of {RULES} rules at {LATENCY * 1000:.0f} ms a call: {shown(seconds)} (limit {DIFF_LIMIT} s)")
    print(f"calls of one diff: {calls} (limit {most})")
    return int(statistics.median(seconds) > DIFF_LIMIT) + int(calls > most)


def register(url: str) -> None:
    import boto3

    ecs = boto3.client(
        "ecs",
        endpoint_url=url,
        region_name="ap-northeast-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )
    ecs.register_task_definition(
        family="reports",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "app:1"}],
    )


def serve(pipe: Connection) -> None:
    with AwsFront() as front:
        pipe.send(front.url)
        pipe.recv()
        front.latency = LATENCY
        front.freeze()
        warm_up(front.url)
        front.clear()
        pipe.send("ready")
        pipe.recv()
        pipe.send(front.count())
        pipe.recv()


def warm_up(url: str) -> None:
    """One diff fills the front's memory, so that moto's own time isn't measured."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ecschedule.yaml").write_text(config())
        run(["diff"], folder, environment(url))


def config() -> str:
    rules = [
        {
            "name": f"job-{number:03}",
            "description": f"Job number {number}",
            "scheduleExpression": f"cron({number % 60} {number % 24} * * ? *)",
            "taskDefinition": "reports",
            "launch_type": "FARGATE",
            "network_configuration": {"aws_vpc_configuration": {"subnets": ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]}},
            "containerOverrides": [
                {
                    "name": "app",
                    "command": ["bin/job", str(number)],
                    "environment": {"TZ": "Asia/Tokyo", "N": str(number)},
                }
            ],
        }
        for number in range(RULES)
    ]
    import yaml

    return yaml.safe_dump({"region": "ap-northeast-1", "cluster": "batch", "rules": rules}, sort_keys=False)


def environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    return kept | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run(arguments: Sequence[str], folder: str, environ: Mapping[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [str(PROGRAM), *arguments], cwd=folder, env=dict(environ), capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 2):
        raise SystemExit(f"esprestack {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - started


def timed(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def shown(seconds: Sequence[float]) -> str:
    return json.dumps({"median": round(statistics.median(seconds), 3), "min": round(min(seconds), 3)})


if __name__ == "__main__":
    raise SystemExit(main())
