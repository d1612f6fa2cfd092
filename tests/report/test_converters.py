"""What analyze says of converters: each part of their noise, and their sum where it is one."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import thermosim as ts
from thermosim.constants import BOLTZMANN
from thermosim.report.converters import converter
from thermosim.units import read

NETLIST = Path(__file__).parents[2] / "experiments" / "noise_budget" / "noise_budget.yaml"


@pytest.fixture(scope="module")
def chip():
    return ts.load(NETLIST)


def test_the_parts_are_those_of_a_converter_and_add_in_squares(chip):
    (bank,), networks = chip.program.adcs, ts.analyze(chip)
    (table,) = converter(replace(bank, gain=np.array([1.0, 2.0])), networks, 2).tables
    for row, gain in zip(table.rows, (1.0, 2.0), strict=True):
        net, sampling, own, steps, together = (read(text, "V") for text in row[1:])
        assert sampling == pytest.approx(math.sqrt(BOLTZMANN * 300 / 20e-15), rel=2e-4)
        assert own == pytest.approx(0.3e-3 / gain, rel=2e-4), "noise behind the gain, seen before it"
        assert steps == pytest.approx(0.5 / 256 / gain / math.sqrt(12), rel=2e-4)
        assert together == pytest.approx(math.sqrt(net**2 + sampling**2 + own**2 + steps**2), rel=2e-4)


def test_a_net_that_stays_within_a_step_has_no_noise_of_steps(chip):
    (bank,), networks = chip.program.adcs, ts.analyze(chip)
    section = converter(replace(bank, low=-8.0, high=8.0), networks, 1)
    assert section.tables[0].rows[0][-2:] == ("undefined", "undefined")
    assert section.remarks == ("narrower than a step of 62.5 mV its codes are no noise of their own",)


def test_what_is_not_counted_is_said(chip):
    (bank,), networks = chip.program.adcs, ts.analyze(chip)
    section = converter(replace(bank, buffered=False, jitter=1e-12), networks, 1)
    assert section.tables[0].rows[0][2] == "0 V"
    assert [text.split(":")[0] for text in section.remarks] == [
        "its sampler is not buffered",
        "aperture jitter is not counted here",
    ]
