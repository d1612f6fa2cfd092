"""Calibration trims what outputs show: the offset of every p-bit, to the error of counting."""

from dataclasses import replace

import numpy as np

import thermosim as ts
from thermosim.engine.calibration import calibrated, response


def die(sigma="10 mV"):
    chip = ts.load(
        "pbit_grid",
        set={
            "instances.s.shape": [4, 4], "couplings.grid.lattice": {"name": "grid", "boundary": "open"},
            "variation.mismatch": {"s.offset": {"sigma": sigma}},
        },
    )  # fmt: skip
    return chip.program.fabrics[0]


def test_response_is_the_offset():
    fabric = die()
    memory = fabric.memory.max()
    found = response(fabric, 4000, seed=1)
    p = 1 / (1 + np.exp(-fabric.shift))
    error = np.sqrt((1 + memory) / (1 - memory) / (4000 * 64 * p * (1 - p)))
    assert np.all(np.abs(found - fabric.shift) < 5 * error)
    assert not np.all(np.abs(found - 1.1 * fabric.shift) < 5 * error), "a tenth of the offset more"


def test_trim_leaves_the_error_of_counting():
    fabric = die()
    trimmed = calibrated(fabric, 2000, seed=2)
    error = 2 / np.sqrt(2000 * 64)
    assert np.abs(fabric.shift).max() > 0.3
    assert np.abs(trimmed.shift).max() < 6 * error
    assert np.array_equal(trimmed.slope, fabric.slope)
    coarse = calibrated(fabric, 2000, seed=2, step=0.2)
    trims = (coarse.shift - fabric.shift) / 0.2
    np.testing.assert_allclose(trims, np.rint(trims), atol=1e-9)
    assert np.abs(coarse.shift).max() < 0.1 + 6 * error


def test_a_saturated_p_bit_is_found_by_repeating():
    fabric = replace(die(), shift=np.linspace(-25, 25, 16))
    assert np.abs(calibrated(fabric, 500, seed=3).shift).max() < 6 * 2 / np.sqrt(500 * 64)
