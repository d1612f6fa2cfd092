"""JSON Schema of a netlist file, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from thermosim.models import REGISTRY
from thermosim.netlist.schema import Netlist

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Schema of the whole file: models and instances are told apart by their ``type``."""
    schema = Netlist.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    for name, cls in sorted(REGISTRY.items()):
        model = cls.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(model.pop("$defs", {}))
        definitions[f"model_{name}"] = _typed(model, name)
    types = [{"$ref": f"#/$defs/model_{name}"} for name in sorted(REGISTRY)]
    card = {
        "type": "object",
        "properties": {"card": {"type": "string", "description": "a device card, <model>/<source>"}},
        "required": ["card"],
    }
    other = {"type": "object", "properties": {"model": {"type": "string"}}, "required": ["model"]}
    definitions["model"] = {"if": {"required": ["type"]}, "then": {"oneOf": types}, "else": {"anyOf": [card, other]}}
    properties = schema["properties"]
    properties["models"]["additionalProperties"] = {"$ref": "#/$defs/model"}
    file_names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    properties["include"] = {**file_names, "description": "files to merge key by key before this one; later wins"}
    definitions["Instance"]["properties"]["type"] = {"enum": sorted(REGISTRY), "description": "a model type"}
    definitions["Instance"]["allOf"] = [_beside(definitions[f"model_{name}"], name) for name in sorted(REGISTRY)]
    definitions["Coupling"]["properties"]["model"] = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/model"}]}
    definitions["Coupling"]["properties"]["problem"]["anyOf"].insert(0, {"type": "string"})
    return {"$schema": _DRAFT, "title": "thermosim netlist, version 1", **schema}


def _typed(model: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of one model type with its `type` key; required values may also come from the instance."""
    properties = {"type": {"const": name}, **{k: v for k, v in model.get("properties", {}).items() if k != "type"}}
    return {**model, "title": name, "properties": properties, "required": ["type"]}


def _beside(model: dict[str, Any], name: str) -> dict[str, Any]:
    """Parameters that stand beside ``type: name`` at an instance."""
    chosen = {"properties": {"type": {"const": name}}, "required": ["type"]}
    return {"if": chosen, "then": {"properties": {k: v for k, v in model["properties"].items() if k != "type"}}}
