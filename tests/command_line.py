"""The command line called in this process, and a small netlist for it."""

from typer.testing import CliRunner, Result

from thermosim.cli import app

CAPACITOR = """\
thermosim: 1
name: noisy_capacitor
instances:
  C1: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R1: {type: resistor, r: 100 kOhm, pins: {p: x, n: 0}}
run: {duration: 100 us, burn_in: 1 us, replicas: 4, record: {x: every 100 ns}, measure: [energy, mixing, target]}
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))
