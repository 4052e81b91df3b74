import sys
def show(*x): open("/tmp/probe.out","a").write(" ".join(map(str,x))+"\n-----\n")
import json, pytest
from tests.aws.conftest import *
from tests.aws.test_findings import *
def test_p(esprestack, six):
    s = esprestack("validate", *NO_ROLE); show(s.code, s.out, s.err[:3000])
    s = esprestack("validate", *NO_ROLE, "--format", "json"); show([(p["code"], p["severity"]) for p in json.loads(s.out)["problems"]])
    s = esprestack("diff", *NO_ROLE); show(s)
def test_q(esprestack, folder, front, environment):
    folder.config(a_rule(scheduleExpression="rate(1 days)"), a_rule("b"))
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    front.fail("GetRole", "AccessDenied", times=None)
    show(esprestack("validate"))
    show(esprestack("diff"))
    folder.config(a_rule("b"))
    show(esprestack("apply"))
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    folder.config(a_rule(scheduleExpression="rate(1 days)"), a_rule("b"))
    show(esprestack("validate"))
    show(esprestack("validate", "--format", "sarif").out)
    show(esprestack("diff"))
    show(esprestack("apply"))
def test_r(esprestack, folder, environment):
    environment.setenv("ESPRESTACK_SECRETS", '{"WORD": "hunter2-hunter2"}')
    secret = "{{ secret `WORD` }}"
    folder.config(
        a_rule(scheduleExpression=f"rate({secret})", taskDefinition=secret, role=secret, group=secret * 30),
        a_rule("b", containerOverrides=[{"name": secret}], taskOverride={"cpu": secret}, platform_version=secret),
    )
    show(esprestack("validate"))
    show(esprestack("diff"))
    show(esprestack("diff", "--format", "markdown"))
    show(esprestack("apply"))
