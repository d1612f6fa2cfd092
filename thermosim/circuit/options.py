"""What a controller's program is given: options in SI, files beside the netlist, and the card of its arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from thermosim.circuit.circuit import At, Circuit
from thermosim.circuit.data_files import folder
from thermosim.errors import Problems
from thermosim.netlist import Bound, bind
from thermosim.netlist.expressions import evaluate
from thermosim.units import UnitError, read_any


def options_of(circuit: Circuit, spec: Any, at: At, problems: Problems) -> dict[str, Any]:
    """Options of the program: quantities in SI, the rest as written."""

    def convert(value: Any, where: At) -> Any:
        if isinstance(value, list | tuple):
            return [convert(item, where) for item in value]
        if isinstance(value, dict):
            return {key: convert(item, (*where, key)) for key, item in value.items()}
        if isinstance(value, str):
            try:
                if value.strip().startswith("{"):
                    return evaluate(value, circuit.netlist.parameters).value
                return read_any(value).value
            except UnitError:
                return value
            except ValueError as error:
                problems.add(
                    circuit.netlist.document.position(where), ".".join(str(part) for part in where), str(error)
                )
        return value

    options = {key: convert(value, (*at, key)) for key, value in (spec.model_extra or {}).items()}
    if spec.network is not None and spec.network != "target":
        beside = folder(circuit.netlist) / spec.network
        file = beside if beside.is_file() else Path(spec.network)
        options["network"] = str(file)
        if file.is_file():
            circuit.netlist.document.note(spec.network, file.read_bytes())
    return options


def arithmetic_of(circuit: Circuit, spec: Any, at: At, problems: Problems) -> Bound | None:
    """The card that prices what the program computes; None where the netlist names none."""
    if spec.arithmetic is None:
        return None
    card = {"model": spec.arithmetic} if isinstance(spec.arithmetic, str) else dict(spec.arithmetic)
    return bind(card, (*at, "arithmetic"), circuit.netlist, problems, circuit.netlist.parameters)
