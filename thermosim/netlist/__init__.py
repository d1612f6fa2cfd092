"""Reading netlists: the YAML language in which a chip is written."""

from thermosim.netlist.binding import Bound, bind
from thermosim.netlist.couplings import Coupling
from thermosim.netlist.json_schema import json_schema
from thermosim.netlist.reader import load, load_text
from thermosim.netlist.schema import (
    Controller,
    Instance,
    Netlist,
    Run,
    Spread,
    Subcircuit,
    Updates,
    Variation,
)
from thermosim.netlist.validate import validate
from thermosim.strict_yaml import Document

__all__ = [
    "Bound",
    "Controller",
    "Coupling",
    "Document",
    "Instance",
    "Netlist",
    "Run",
    "Spread",
    "Subcircuit",
    "Updates",
    "Variation",
    "bind",
    "json_schema",
    "load",
    "load_text",
    "validate",
]
