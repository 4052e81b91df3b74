"""The JSON Schema of a config, made from the model, for editors that complete and check it."""

from typing import Any

from esprestack.config.model import Config

SCHEMA_ID = "https://raw.githubusercontent.com/esprestack/esprestack/main/docs/config.schema.json"


def config_schema() -> dict[str, Any]:
    """The schema with ecschedule's spelling; other spellings that are accepted are not in it."""
    schema = Config.model_json_schema(by_alias=True, mode="validation")
    schema["patternProperties"] = {"^x-": {"description": "Anchors and other things of your own"}}
    definitions = schema["$defs"]
    for part in (schema, *definitions.values()):
        for name, member in part.get("properties", {}).items():
            part["properties"][name] = _for_people(name, member)
    definitions["Defaults"] = _defaults(definitions["RuleEntry"])
    schema["properties"]["defaults"] |= {"$ref": "#/$defs/Defaults"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}


def _for_people(name: str, member: dict[str, Any]) -> dict[str, Any]:
    """A key as an editor shows it: named as it is written, its alternatives in one list, no default of null."""
    shown: dict[str, Any] = {"title": name}
    for key, value in member.items():
        if key == "anyOf":
            shown |= _alternatives(value)
        elif key != "title" and not (key == "default" and value is None):
            shown[key] = value
    return shown


def _alternatives(given: list[dict[str, Any]]) -> dict[str, Any]:
    """The alternatives of `given` with those within them; where all are plain types, one list of types."""
    flat: list[dict[str, Any]] = []
    limits: dict[str, Any] = {}
    for alternative in given:
        if "anyOf" in alternative:
            flat += alternative["anyOf"]
            limits |= {key: value for key, value in alternative.items() if key not in ("anyOf", "title")}
        else:
            flat.append(alternative)
    if all(alternative.keys() == {"type"} for alternative in flat):
        return {"type": [alternative["type"] for alternative in flat], **limits}
    return {"anyOf": flat, **limits}


def _defaults(rule: dict[str, Any]) -> dict[str, Any]:
    """What `defaults:` may hold: all that a rule has but its name, nothing of it required."""
    properties = {name: member for name, member in rule["properties"].items() if name != "name"}
    return {
        "additionalProperties": False,
        "description": "What every rule has that doesn't say otherwise.",
        "properties": properties,
        "title": "Defaults",
        "type": "object",
    }
