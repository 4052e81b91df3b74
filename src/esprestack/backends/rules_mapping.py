"""EventBridge's requests and answers: `Rule` → PutRule and PutTargets, and back. The two are each other's inverse.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from esprestack.backends.ecs_target import target_of, target_request
from esprestack.backends.members import RULE, known_target
from esprestack.rule import LiveRule, Pairs, Rule, Scope, Target

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = Mapping[str, Any]


# -- rule → requests -------------------------------------------------------------------------------------------


def put_rule(rule: Rule, scope: Scope) -> Request:
    """PutRule replaces the whole rule: what isn't sent is lost, and without State the rule would be enabled."""
    role = rule.rule_role or (rule.target.role if rule.target else "")
    request: Request = {
        "Name": rule.name,
        "ScheduleExpression": rule.schedule_expression,
        "State": "ENABLED" if rule.enabled else "DISABLED",
    }
    if rule.description:
        request["Description"] = rule.description
    if role:
        request["RoleArn"] = scope.expand(role, "iam", "role/")  # as ecschedule does
    return request


def put_target(target: Target, scope: Scope) -> Request:
    """One entry of PutTargets, which replaces the target of the same id as a whole."""
    request = {"Id": target.id, **target_request(target, scope)}
    if target.tags:
        request["EcsParameters"]["Tags"] = tag_list(target.tags)
    return request


def tag_list(pairs: Pairs) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs]


# -- answers → rule --------------------------------------------------------------------------------------------


def live_rule(answer: Answer, targets: Sequence[Answer], scope: Scope, target_id: str = "") -> LiveRule:
    """The rule of ListRules' entry and its targets. `target_id`, a config's, says which of several tasks is meant."""
    lost = list(_rule_losses(answer))
    on_cluster = {item["Id"]: item for item in targets if item["Arn"] == scope.cluster_arn and "EcsParameters" in item}
    ours = on_cluster.get(target_id or answer["Name"]) or next(iter(on_cluster.values()), None)
    if targets and ours is None:
        lost.append("its targets, none of which is a task on this cluster")
    if target_id and target_id not in on_cluster and len(on_cluster) > 1:
        ids = " and ".join(f"`{id_}`" for id_ in on_cluster)
        lost.append(f"one of its targets {ids}, none of which is `{target_id}`")
    target = _target(ours, scope, lost) if ours is not None else None
    rule_role = scope.shorten(answer.get("RoleArn", ""), "iam", "role/")
    rule = Rule(
        name=answer["Name"],
        schedule_expression=answer.get("ScheduleExpression") or "",
        description=answer.get("Description") or "",
        enabled=answer.get("State") != "DISABLED",
        rule_role="" if target is not None and rule_role == target.role else rule_role,
        target=target,
    )
    return LiveRule(
        rule,
        target_ids=tuple(item["Id"] for item in targets),
        foreign=tuple(f"target `{item['Id']}` ({item['Arn']})" for item in targets if item is not ours),
        would_lose=tuple(dict.fromkeys(lost)),
    )


def _rule_losses(answer: Answer) -> Iterator[str]:
    """What of a rule a config can't say."""
    if answer.get("EventPattern"):
        yield "its event pattern"
    if answer.get("ManagedBy"):
        yield f"that it is managed by {answer['ManagedBy']}"
    state = answer.get("State")
    if state not in ("ENABLED", "DISABLED"):
        yield f"its state {state}" if state else "its state, which isn't told"
    if answer.get("EventBusName", "default") != "default":
        yield "its EventBusName"
    others = set(answer) - RULE - {"EventPattern", "ManagedBy"}
    yield from (f"its {key}" for key in sorted(others) if answer[key] is not None)


def _target(answer: Answer, scope: Scope, lost: list[str]) -> Target:
    """Our own target; what a config can't say of it is named in `lost`."""
    found = known_target(answer, lost)
    return target_of(found, found["Id"], pairs(found["EcsParameters"].get("Tags")), scope, lost)


def pairs(tags: Sequence[Mapping[str, str]] | None) -> Pairs:
    return tuple(sorted((tag["Key"], tag.get("Value") or "") for tag in tags or []))
