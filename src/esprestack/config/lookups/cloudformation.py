"""`cfn_output` and `cfn_export`: outputs of CloudFormation stacks, and what they export."""

from collections.abc import Mapping
from functools import partial

from esprestack.config.lookups.asked import Asked, miss_of, side_by_side
from esprestack.config.lookups.base import Client, Function, LookupMissError
from esprestack.errors import AwsError


class CloudFormation:
    """`{prefix}cfn_output(stack, key)`, one call a stack; `{prefix}cfn_export(name)`, one listing for all."""

    def __init__(self, client: Client, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix
        self._stacks: Asked[str, Mapping[str, str]] = Asked()
        self._exports: Asked[str, Mapping[str, str]] = Asked()

    @property
    def functions(self) -> Mapping[str, Function]:
        return {f"{self._prefix}cfn_output": self.cfn_output, f"{self._prefix}cfn_export": self.cfn_export}

    def cfn_output(self, stack: str, key: str) -> str:
        outputs = self._stacks.answer(stack)
        if key not in outputs:
            todo = f"it has {', '.join(sorted(outputs)[:10]) or 'none'}"
            raise LookupMissError(f"the stack `{stack}` has no output `{key}`", todo, "not-found")
        return outputs[key]

    def cfn_export(self, name: str) -> str:
        exports = self._exports.answer("")
        if name not in exports:
            raise LookupMissError(f"there is no export `{name}`", "check name, region and account", "not-found")
        return exports[name]

    def fetch(self) -> None:
        calls = [partial(self._describe, stack) for stack in self._stacks.take()]
        calls += [partial(self._list, question) for question in self._exports.take()]
        side_by_side(lambda call: call(), calls)

    def _describe(self, stack: str) -> None:
        try:
            answer = self._client.call("cloudformation", "describe_stacks", StackName=stack)
        except AwsError as error:
            what = f"the stack `{stack}` doesn't exist"
            codes = ("ValidationError",)  # so CloudFormation says it
            self._stacks.put(stack, miss_of(error, what, codes, "check name, region and account"))
            return
        outputs = answer["Stacks"][0].get("Outputs", []) if answer.get("Stacks") else []
        self._stacks.put(stack, {output["OutputKey"]: output["OutputValue"] for output in outputs})

    def _list(self, question: str) -> None:
        exports: dict[str, str] = {}
        token, seen = "", {""}
        try:
            while True:
                following = {"NextToken": token} if token else {}
                answer = self._client.call("cloudformation", "list_exports", **following)
                exports.update((export["Name"], export["Value"]) for export in answer.get("Exports", []))
                token = answer.get("NextToken") or ""
                if token in seen:
                    break
                seen.add(token)
        except AwsError as error:
            self._exports.put(question, miss_of(error, "", (), ""))
            return
        self._exports.put(question, exports)
