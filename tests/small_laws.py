"""Chips of a few p-bits from a netlist's text, with directed couplings or terms."""

from __future__ import annotations

from thermosim.circuit import assemble, elaborate
from thermosim.circuit.program import Fabric, Program
from thermosim.netlist import load_text

CHIP = """
thermosim: 1
name: small
models: {{rng: {rng}, wire: {{type: synapse}}}}
instances:
  s: {{model: rng, shape: [{nodes}], bias: {bias}}}
  K: {{type: clock, frequency: 2 MHz, pins: {{out: ck}}}}
couplings: {{{couplings}}}
updates: {{{updates}}}
run: {{duration: {duration}}}
{more}
"""


def program(
    nodes: int, couplings: str, updates: str = "clock: ck", bias: str = "0", tau0: str = "20 ns", more: str = "",
    rng: str = "", duration: str = "100 sweeps",
) -> Program:  # fmt: skip
    """A chip of p-bits `s`, whose RNGs forget within a tick unless `tau0` says otherwise."""
    model = rng or f"{{type: cmos_rng, v_s: 26 mV, tau0: {tau0}}}"
    text = CHIP.format(
        nodes=nodes, couplings=couplings, updates=updates, bias=bias, rng=model, more=more, duration=duration
    )
    return assemble(elaborate(load_text(text, "small.yaml")))


def fabric(*args: str | int, **more: str) -> Fabric:
    """Its one fabric."""
    return program(*args, **more).fabrics[0]  # type: ignore[arg-type]
