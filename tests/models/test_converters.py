"""Transfer of the converters: the convention of codes, monotone tables, the law of unit-element mismatch."""

import numpy as np
import pytest
from pydantic import ValidationError

from thermosim.models.adc import Adc, transition_levels
from thermosim.models.dac import Dac, output_levels


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_codes_of_an_ideal_pair() -> None:
    """3 bits, +-1 V, step 0.25 V: the ADC is mid-rise, the DAC mid-tread."""
    assert transition_levels(3, 1.0, 0.0, rng()).tolist() == [-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75]
    assert output_levels(3, 1.0, 0.0, rng()).tolist() == [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75]


def test_the_adc_is_odd_and_unbiased_and_the_dac_can_be_silent() -> None:
    bits, reference = 5, 0.7
    step = 2 * reference / 2**bits
    transitions = transition_levels(bits, reference, 0.0, rng())
    volts = np.linspace(0.01, 0.69, 100)
    value = [-reference + (np.searchsorted(transitions, sign * volts, side="right") + 0.5) * step for sign in (1, -1)]
    np.testing.assert_allclose(value[0], -value[1], atol=1e-15)
    assert np.max(np.abs(value[0] - volts)) <= step / 2 * (1 + 1e-12)
    assert output_levels(bits, reference, 0.0, rng())[2 ** (bits - 1)] == 0.0


def test_nothing_is_drawn_without_mismatch() -> None:
    generator = rng(3)
    transition_levels(10, 1.0, 0.0, generator)
    assert generator.integers(1 << 60) == rng(3).integers(1 << 60)


def test_levels_rise_at_the_widest_mismatch_and_keep_their_ends() -> None:
    for seed in range(20):
        levels = output_levels(12, 0.5, 0.1, rng(seed))
        assert levels[0] == -0.5
        assert np.all(np.diff(levels) > 0)
        assert levels[-1] < 0.5
        np.testing.assert_array_equal(levels[1:], transition_levels(12, 0.5, 0.1, rng(seed)))
    with pytest.raises(ValueError, match=r"unit_mismatch 0\.2 is outside 0 \.\. 0\.1"):
        output_levels(4, 1.0, 0.2, rng())


def test_nonlinearity_at_mid_scale_is_half_sigma_root_of_the_number_of_codes() -> None:
    """Sample variance of n draws has relative standard error sqrt(2/n); a law without the half must fail, so must
    one that forgets that the ends are tied (a free walk is sqrt(2) wider)."""
    bits, sigma, draws = 8, 0.02, 4000
    step = 2.0 / 2**bits
    generator = rng(1)
    levels = np.array([output_levels(bits, 1.0, sigma, generator) for _ in range(draws)]) / step
    ideal = output_levels(bits, 1.0, 0.0, generator) / step

    def deviations(code: int, expected: float) -> float:
        variance = np.mean((levels[:, code] - ideal[code]) ** 2)
        return float((variance / expected**2 - 1) / np.sqrt(2 / draws))

    middle = 0.5 * sigma * np.sqrt(2**bits)
    assert abs(deviations(2 ** (bits - 1), middle)) < 5
    assert abs(deviations(2 ** (bits - 1), 2 * middle)) > 5
    assert abs(deviations(2 ** (bits - 1), np.sqrt(2) * middle)) > 5
    eighth = sigma * np.sqrt(2**bits / 8 * 7 / 8)
    assert abs(deviations(2**bits // 8, eighth)) < 5
    assert abs(deviations(2**bits * 7 // 8, eighth)) < 5


def test_stated_levels_are_checked() -> None:
    common = {"bits": 2, "reference": "1 V"}
    adc = Adc(**common, latency="1 cycle", levels=["-0.4 V", "10 mV", "600 mV"])
    assert adc.levels == (-0.4, 0.01, 0.6)
    bad = {
        ("0 V", "1 V"): "levels has 2 entries; 2 bits have 3 transitions",
        ("0 V", "0 V", "1 V"): "levels must rise",
    }
    for levels, text in bad.items():
        with pytest.raises(ValidationError, match=text):
            Adc(**common, latency="1 cycle", levels=levels)
    with pytest.raises(ValidationError, match="levels has 3 entries; 2 bits have 4 codes"):
        Dac(**common, settling="1 ns", levels=["0 V", "1 V", "2 V"])
    with pytest.raises(ValidationError, match="levels already state the transfer; leave unit_mismatch out"):
        Dac(**common, settling="1 ns", levels=["0 V"] * 4, unit_mismatch="1 %")


@pytest.mark.parametrize("bits", [0, 17, 2.5, True, "eight"])
def test_bits_are_a_whole_number_from_1_to_16(bits: object) -> None:
    with pytest.raises(ValidationError):
        Adc(bits=bits, reference="1 V", latency="1 cycle")
