"""What look-ups of AWS need to be allowed: from the look-ups of configs to IAM's statements. Pure."""

from collections.abc import Callable, Collection, Iterator

from esprestack.iam import Looked, Statement, allow
from esprestack.rule import Scope


def lookup_statements(looked: Collection[tuple[Scope, Looked]]) -> Iterator[Statement]:
    """Each look-up by name; the scope is that of its config."""

    def resources(functions: Collection[str], make: Callable[[Scope, str], str]) -> list[str]:
        return [
            make(Scope(scope.partition, look.region or scope.region, scope.account, "", ""), look.name)
            for scope, look in looked
            if look.function in functions
        ]

    if found := resources(("ssm", "ssm_list"), lambda scope, name: _named(scope, name, "ssm", "parameter/", "/")):
        yield allow("Parameters", ("ssm:GetParameters",), found)
    if found := resources(
        ("secretsmanager_arn",), lambda scope, name: _named(scope, name, "secretsmanager", "secret:")
    ):
        yield allow("Secrets", ("secretsmanager:DescribeSecret",), [f"{arn}*" for arn in found])
    if found := resources(("cfn_output",), lambda scope, name: scope.arn("cloudformation", f"stack/{name}/*")):
        yield allow("Stacks", ("cloudformation:DescribeStacks",), found)
    if resources(("cfn_export",), lambda _, name: name):
        yield allow("Exports", ("cloudformation:ListExports",), ["*"])
    if found := resources(("s3",), lambda scope, name: f"arn:{scope.partition}:s3:::{name}"):
        yield allow("State", ("s3:GetObject",), found)


def _named(scope: Scope, name: str, service: str, kind: str, leading: str = "") -> str:
    return scope.expand(name.removeprefix(leading) if leading else name, service, kind)
