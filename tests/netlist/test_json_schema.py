"""The exported JSON Schema: complete, plain JSON, and one shape for every model type."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from thermosim.models import REGISTRY
from thermosim.netlist import Netlist, json_schema


def test_every_section_and_type_is_in_it() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {*Netlist.model_fields, "include"}
    for name, cls in REGISTRY.items():
        model = schema["$defs"][f"model_{name}"]
        assert model["properties"]["type"] == {"const": name}
        assert set(model["properties"]) == set(cls.model_fields)
    assert schema["$defs"]["Instance"]["properties"]["type"]["enum"] == sorted(REGISTRY)
    assert schema["required"] == ["thermosim", "run"]


def test_it_is_json_whose_references_resolve() -> None:
    schema: dict[str, Any] = json.loads(json.dumps(json_schema()))
    for reference in set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema))):
        assert reference in schema["$defs"], reference


def test_a_quantity_is_a_number_or_text() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["model_resistor"]["properties"]["r"]["anyOf"] == [{"type": "string"}]
    assert {"type": "number"} in definitions["Updates"]["properties"]["beta"]["anyOf"]


def test_the_committed_schema_is_current() -> None:
    file = Path(__file__).parents[2] / "docs" / "reference" / "thermosim-netlist-1.schema.json"
    assert json.loads(file.read_text()) == json.loads(json.dumps(json_schema())), f"thermosim schema > {file.name}"
