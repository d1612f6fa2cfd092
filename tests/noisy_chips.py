"""Small chips with noise sources, as lines of a netlist."""

from thermosim.circuit import assemble, elaborate
from thermosim.measure.network import analyse
from thermosim.netlist import load_text

RUN = "{duration: 1 us, record: {x: every 100 ns}}"


def text(lines, run=RUN, more=""):
    body = "".join(f"  {line}\n" for line in lines)
    return f"thermosim: 1\nname: t\ntemperature: 300 K\ninstances:\n{body}{more}run: {run}\n"


def chip(lines, run=RUN, more=""):
    circuit = elaborate(load_text(text(lines, run, more), "t.yaml"))
    return circuit, assemble(circuit)


def known(lines, more=""):
    (found,) = analyse(*chip(lines, more=more))
    return found


def r(name, ohms, p, n=0, more=""):
    return f"{name}: {{type: resistor, r: {ohms!r} Ohm{more}, pins: {{p: {p}, n: {n}}}}}"


def c(name, farads, p, n=0):
    return f"{name}: {{type: capacitor, c: {farads!r} F, pins: {{p: {p}, n: {n}}}}}"


def noise(name, kind, numbers, p="x", n=0, more=""):
    return f"{name}: {{type: {kind}, {numbers}, pins: {{p: {p}, n: {n}{more}}}}}"
