"""A merged config: its diff against the same AWS is empty, and its authors find it as they left it."""

import os
from collections.abc import Callable

import pytest
from tests.aws.account import CLUSTER, REGION, Account, a_target, arn
from tests.aws.configs import Folder, everything
from tests.aws.conftest import Esprestack, anyhow
from tests.support.aws_front import AwsFront

from esprestack.jobs import dump_into
from esprestack.reports.merge import Merged
from esprestack.rule import Home
from esprestack.run import Run, Settings
from esprestack.secrets import Vault

Merge = Callable[..., Merged]

HOMES = tuple(Home)

FILE = f"""\
# nightly jobs
region: {REGION}
cluster: {CLUSTER}
rules:

  # the report
  - name: nightly
    scheduleExpression: "rate(1 day)"  # UTC
    taskDefinition: {{{{ env "FAMILY" "app" }}}}
    containerOverrides:
      - name: app
        command: [bin/report, {{{{ env "DAY" "today" }}}}]
        environment:
          TZ: 'UTC'  # the zone
"""


@pytest.fixture
def esprestack(esprestack: Esprestack) -> Esprestack:
    return anyhow(esprestack)


@pytest.fixture
def merge_file(esprestack: Esprestack, folder: Folder) -> Merge:
    """Merges `ecschedule.yaml` with the live rules of its tracking id and those that it names."""

    def merged(*, remove_missing: bool = False) -> Merged:
        run = Run(Settings(folder.path, environ=dict(os.environ)), Vault())
        text = (folder.path / "ecschedule.yaml").read_bytes().decode()
        merged_text, notes = dump_into(run, text, remove_missing=remove_missing)
        return Merged(merged_text, tuple(notes))

    return merged


def test_what_was_applied_is_merged_into_the_same_bytes(
    esprestack: Esprestack, folder: Folder, merge_file: Merge, front: AwsFront
) -> None:
    written = folder.write(FILE).read_text()
    assert esprestack("apply").code == 0
    front.clear()
    assert merge_file() == Merged(written, ())
    assert front.writes() == []


def test_the_merged_file_has_no_difference(
    esprestack: Esprestack, folder: Folder, account: Account, merge_file: Merge, home: Home
) -> None:
    folder.write(FILE)
    assert esprestack("apply").code == 0
    override = (
        '{"containerOverrides":[{"name":"app","command":["bin/report","{{day}}"],"environment":'
        '[{"name":"TZ","value":"Asia/Tokyo"},{"name":"N","value":"010"}]}],"cpu":"512"}'
    )
    ecs, queue = {"TaskCount": 2, "LaunchType": "EC2"}, {"Arn": arn("sqs", "dead-letters")}
    target = a_target("nightly", Input=override, EcsParameters=ecs, DeadLetterConfig=queue)
    account.remove("nightly")
    account.has_rule("nightly", Description="it's: new", ScheduleExpression="rate(2 days)", targets=[target])
    account.has_rule("weekly", State="DISABLED", tags={"owner": "batch"} if home is Home.RULES else None)
    account.has_rule("theirs", tracked_by="another-team")
    merged = merge_file()
    assert [note.split(" now ")[0] for note in merged.notes] == ["`nightly`", "`weekly` is new"]
    for kept in ("# nightly jobs\n", "  # the report\n", "# UTC", "# the zone", '{{ env "FAMILY" "app" }}'):
        assert kept in merged.text
    folder.write(merged.text)
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out
    assert merge_file() == Merged(merged.text, ())


def test_every_key_is_merged_into_a_file_that_has_none(
    esprestack: Esprestack,
    folder: Folder,
    merge_file: Merge,
    home: Home,
) -> None:
    folder.config(everything("nightly", home))
    assert esprestack("apply").code == 0
    tags = "    ruleTags: {who: us}\n" if home is Home.RULES else ""
    folder.write(FILE.replace('"rate(1 day)"', "rate(1 day)") + tags)
    folder.write(merge_file().text)
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out


def test_a_rule_that_is_gone_stays_in_the_file_unless_it_is_to_go(
    esprestack: Esprestack, folder: Folder, account: Account, merge_file: Merge
) -> None:
    folder.write(FILE + "\n  - {name: gone, scheduleExpression: rate(1 day), taskDefinition: app}\n")
    assert esprestack("apply").code == 0
    account.remove("gone")
    assert merge_file().notes == ("`gone` isn't in AWS: kept",)
    merged = merge_file(remove_missing=True)
    folder.write(merged.text)
    assert esprestack("diff", "--exit-code").code == 0
    assert merged.text.removesuffix("backend: scheduler\n").rstrip("\n") == FILE.rstrip("\n")


def test_a_secret_in_aws_becomes_a_look_up(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    merge_file: Merge,
    environment: pytest.MonkeyPatch,
) -> None:
    folder.write(FILE)
    override = '{"containerOverrides":[{"name":"app","environment":[{"name":"DB_PASSWORD","value":"hunter22"}]}]}'
    account.has_rule("nightly", targets=[a_target("nightly", Input=override)])
    merged = merge_file()
    assert "hunter22" not in merged.text
    folder.write(merged.text)
    environment.setenv("ESPRESTACK_SECRETS", '{"DB_PASSWORD": "hunter22"}')
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out


# -- on the command line ---------------------------------------------------------------------------------------


@pytest.mark.of_rules
def test_dump_prints_the_merged_file_or_writes_it(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.write(FILE)
    assert esprestack("apply").code == 0
    account.has_rule("nightly", Description="by hand", targets=[a_target("nightly")])
    said = esprestack("dump", "--merge", "ecschedule.yaml")
    assert said.code == 0
    assert said.out.startswith("# nightly jobs\n")
    assert "    description: by hand\n" in said.out
    path = folder.path / "ecschedule.yaml"
    assert path.read_text() == FILE
    written = esprestack("dump", "--merge", "ecschedule.yaml", "--write")
    assert (written.code, written.out) == (0, "")
    assert path.read_text() == said.out
    assert esprestack("diff", "--exit-code").code == 0


def test_dump_needs_a_cluster_or_a_file(esprestack: Esprestack) -> None:
    said = esprestack("dump")
    assert (said.code, said.err) == (1, "error: --cluster is missing (or name a config with --merge FILE)\n")
