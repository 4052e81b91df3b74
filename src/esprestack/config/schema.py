"""The JSON Schema of a config, made from the model, for editors that complete and check it."""

from typing import Any

from esprestack.config.model import Config

SCHEMA_ID = "https://raw.githubusercontent.com/esprestack/esprestack/main/docs/config.schema.json"


def config_schema() -> dict[str, Any]:
    """The schema with ecschedule's spelling; other spellings that are accepted are not in it."""
    schema = Config.model_json_schema(by_alias=True, mode="validation")
    schema["patternProperties"] = {"^x-": {"description": "Anchors and other things of your own"}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}
