"""What analog-to-digital converters add to the noise of the nets that they look at, for ``thermosim analyze``.

rms^2 = net + k T / C_s (a buffered sampler) + own^2 + LSB^2 / 12, the last where the rest is wider than a step
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from thermosim.circuit.program import AdcBank
from thermosim.constants import BOLTZMANN
from thermosim.measure.network import NetworkAnalysis
from thermosim.report.story import Section, Table
from thermosim.units import show

HEADER = ("input", "net", "sampling", "own noise", "steps", "together")


def converter(bank: AdcBank, networks: Sequence[NetworkAnalysis], most: int) -> Section:
    """Noise of the first `most` inputs of a bank, referred to them; without the effect of aperture jitter."""
    where = {
        net: (found, k)
        for found in networks
        if not found.reason and found.periodic is None
        for k, net in enumerate(found.nodes)
    }
    rows, remarks = [], []
    sampling = math.sqrt(BOLTZMANN * bank.temperature / bank.sample_capacitance) if bank.sample_capacitance else 0.0
    for channel, net in [(k, net) for k, net in enumerate(bank.inputs) if net in where][:most]:
        found, k = where[net]
        gain = float(bank.gain[channel])
        parts = (float(found.deviation[k]), sampling if bank.buffered else 0.0, bank.input_noise / gain)
        before = math.sqrt(sum(part**2 for part in parts))
        steps = bank.step / gain / math.sqrt(12)
        wide = before > bank.step / gain
        told = (*parts, steps, math.hypot(before, steps)) if wide else parts
        shown = [show(value, "V", 4) for value in told] + ["undefined"] * (len(HEADER) - 1 - len(told))
        rows.append((net, *shown))
    if any("undefined" in row for row in rows):
        remarks.append(f"narrower than a step of {show(bank.step, 'V', 4)} its codes are no noise of their own")
    if bank.sample_capacitance and not bank.buffered:
        remarks.append("its sampler is not buffered: it shares charge with its nets, which is not counted here")
    if bank.jitter:
        remarks.append("aperture jitter is not counted here")
    tables = (Table(HEADER, tuple(rows), (False, *(True for _ in HEADER[1:]))),) if rows else ()
    return Section(f"Converter {bank.path}", tables=tables, remarks=tuple(remarks))
