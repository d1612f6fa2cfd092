"""Quantised weights: the grid, its ends, its symmetry."""

import numpy as np
import pytest
from pydantic import ValidationError

from thermosim.models import quantise
from thermosim.models.synapse import Synapse


def test_three_bits_by_hand() -> None:
    """j_max 0.6, step 0.6 / 3 = 0.2."""
    weights = np.array([0.0, 0.09, 0.11, -0.31, 0.55, 0.9, -7.0])
    np.testing.assert_allclose(quantise(weights, 3, 0.6), [0.0, 0.0, 0.2, -0.4, 0.6, 0.6, -0.6], atol=1e-15)


@pytest.mark.parametrize("bits", [2, 5, 6, 8])
def test_programmed_weights_are_few_mirrored_and_near(bits: int) -> None:
    weights = np.linspace(-0.75, 0.75, 3001)
    programmed = quantise(weights, bits, 0.6)
    step = 0.6 / (2 ** (bits - 1) - 1)
    assert len(np.unique(programmed)) == 2**bits - 1
    np.testing.assert_array_equal(programmed, -quantise(-weights, bits, 0.6))
    inside = np.abs(weights) <= 0.6
    assert np.max(np.abs(programmed - weights)[inside]) <= step / 2 * (1 + 1e-9)
    np.testing.assert_array_equal(quantise(programmed, bits, 0.6), programmed)


def test_without_bits_weights_are_only_clipped_and_without_full_scale_untouched() -> None:
    weights = np.array([0.123, -2.0])
    assert quantise(weights, None, 0.6).tolist() == [0.123, -0.6]
    assert quantise(weights, None, None).tolist() == [0.123, -2.0]


def test_bits_need_a_full_scale() -> None:
    with pytest.raises(ValidationError, match="bits need a full scale: state j_max"):
        Synapse(bits=6)
