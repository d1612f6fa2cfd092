"""The reference page of the netlist language, written from the schema: ``python -m thermosim.netlist.reference``."""

from __future__ import annotations

import sys

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from thermosim.models import REGISTRY
from thermosim.models.base import unit_of
from thermosim.netlist.couplings import Coupling, Lattice, Normal, ProblemSource, Weights
from thermosim.netlist.generators import Generator
from thermosim.netlist.lattices import NAMES, RULES
from thermosim.netlist.schedule import ClampSection, Ladder, Ramp, ResetSection, Schedule, TemperingSection
from thermosim.netlist.schema import (
    Controller,
    GaussianMixture,
    Instance,
    NamedLaw,
    Netlist,
    Run,
    Spread,
    Subcircuit,
    Updates,
    Variation,
)

_INTRODUCTION = """\
# The netlist language

A netlist is one YAML file that describes a chip and its testbench. This page is written from the schema by `python -m
thermosim.netlist.reference`; `thermosim schema` prints the same as a JSON Schema for editors.

## Values

YAML is read strictly and with its 1.2 meaning: `1e-12` is a number, `on` and `NO` are text, `010` is ten. Duplicate
keys, tags, merge keys and a second document are errors. Text with brackets needs quotes: `{p: "x[i]"}`.

A *quantity* is a number with its unit: `10 kOhm`, `1 pF`, `300 K`, `2.5 fJ`, `4e-19 A^2/Hz`, `5 %`. The field knows
its unit: a bare prefix is enough (`10k`), a bare number or another dimension is an error. A *time* is a quantity in
seconds; where the text says so, whole `cycles` or `sweeps` are taken too.

An *expression* stands in quotes and braces: `"{R0 / 2}"`. It has + - * / **, sqrt exp log sin cos min max, the
parameters in scope and the array indices `i`, `j`; its dimension must be that of the field. Expressions under
`models:` see the netlist's own parameters only.

## Names and files

Ground is the net `0`. `x[i]`, `x[i, j]`, `x[0]` and `x[*]` name elements of a net array. Names of parts are letters,
digits and _.

`include: [a.yaml, b.yaml]` merges files key by key before this one, later wins; a file is looked up beside the one
that includes it. `--set models.adc8.bits=6` lays one value over all files; a key that itself holds dots may stand in
double quotes: `--set 'variation.mismatch."s.offset".sigma=2 mV'`.

"""
_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", Netlist),
    ("instances: NAME", Instance),
    ("subcircuits: NAME", Subcircuit),
    ("couplings: NAME", Coupling),
    ("lattice", Lattice),
    ("problem", ProblemSource),
    ("weight, when drawn", Weights),
    ("weight: normal", Normal),
    ("generators: NAME", Generator),
    ("target, when a law by name", NamedLaw),
    ("target: gaussian_mixture", GaussianMixture),
    ("variation", Variation),
    ("variation: process, mismatch: PATH", Spread),
    ("controllers: NAME", Controller),
    ("updates", Updates),
    ("schedule", Schedule),
    ("schedule: beta, when a ramp", Ramp),
    ("schedule: clamp", ClampSection),
    ("schedule: reset", ResetSection),
    ("schedule: tempering", TemperingSection),
    ("tempering: betas, when a ladder", Ladder),
    ("run", Run),
)


def reference() -> str:
    """The whole page as Markdown."""
    sections = [f"## {title}\n\n{_summary(cls)}\n\n{_table(cls)}" for title, cls in _SECTIONS]
    rules = "\n".join(f"- `{name}`: {', '.join(str(rule) for rule in rules)}" for name, rules in RULES.items())
    lattices = (
        f"## Lattices\n\n{', '.join(f'`{name}`' for name in NAMES)}.\n\nA rule (a, b) joins (x, y) to (x+a, y+b), "
        f"(x-b, y+a), (x-a, y-b) and (x+b, y-a); x is the first index.\n\n{rules}\n"
    )
    models = [f"### type: {name}\n\n{_summary(cls)}\n\n{_table(cls)}" for name, cls in sorted(REGISTRY.items())]
    heading = (
        "## Models\n\nUnder `models:` an entry is `{card: NAME, overrides}`, `{type: TYPE, parameters}` or "
        "`{model: NAME, overrides}`. Outside the validity of a card a value is an error, unless "
        "`beyond_validity: <reason>` stands beside it.\n"
    )
    return _INTRODUCTION + "\n".join([*sections, lattices, heading, *models])


def _summary(cls: type[BaseModel]) -> str:
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def _table(cls: type[BaseModel]) -> str:
    rows = [_row(cls, name, field) for name, field in cls.model_fields.items() if cls is Instance or name != "type"]
    return "\n".join(["| key | meaning | default |", "|---|---|---|", *rows]) + "\n"


def _row(cls: type[BaseModel], name: str, field: FieldInfo) -> str:
    unit = unit_of(cls, name)  # type: ignore[arg-type]
    meaning = "; ".join(part for part in (field.description, _unit(unit)) if part)
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    default = "required" if field.is_required() else _default(extra.get("default", field.default))
    return f"| `{field.alias or name}` | {meaning.replace('|', chr(92) + '|')} | {default} |"


def _unit(unit: str | None) -> str | None:
    return "a plain number" if unit == "1" else f"[{unit}]" if unit else None


def _default(value: object) -> str:
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel) or value in ({}, ()):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.stdout.write(reference())
