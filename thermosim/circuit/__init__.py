"""Netlist -> Circuit (one die) -> Program (arrays): elaborate, lint, assemble."""

from thermosim.circuit.assemble import assemble
from thermosim.circuit.circuit import Circuit, Instance, Synapses
from thermosim.circuit.elaborate import elaborate
from thermosim.circuit.lint import RULES, lint
from thermosim.circuit.program import Program

__all__ = ["RULES", "Circuit", "Instance", "Program", "Synapses", "assemble", "elaborate", "lint"]
