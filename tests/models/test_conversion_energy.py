"""Energy of a conversion: figures of merit by hand, the survey, and what nobody priced."""

from math import log10

import pytest
from pydantic import ValidationError

from thermosim.models.adc import Adc
from thermosim.models.base import Evidence, PriceContext
from thermosim.models.conversion_energy import (
    BINS,
    effective_bits,
    schreier_energy,
    survey_energy,
    walden_energy,
)
from thermosim.models.dac import Dac, cdac_energy

CONTEXT = PriceContext()


def adc(**parameters: object) -> Adc:
    return Adc(**{"bits": 8, "reference": "0.5 V", "latency": "1 cycle", **parameters})


@pytest.mark.parametrize(("enob", "picojoules"), [(8, 0.2765), (10, 0.4186), (12, 2.693), (14, 39.08)])
def test_survey_envelope(enob: int, picojoules: float) -> None:
    assert survey_energy("envelope", enob) == pytest.approx(picojoules * 1e-12, rel=2e-4)


def test_the_envelope_stays_above_the_thermal_floor() -> None:
    """8 kT SNR with SNR = 3/2 4^ENOB; the envelope's slope is some 3 times it."""
    for enob in range(4, 17):
        assert survey_energy("envelope", enob) > 8 * 1.380649e-23 * 300 * 1.5 * 4**enob


def test_survey_bins_and_their_continuation() -> None:
    assert survey_energy("p10", 8.0) == 5.14e-12
    assert survey_energy("p10", 7.999) == 2.22e-12
    assert survey_energy("median", 2) == survey_energy("median", 4) == 9.2e-12
    assert survey_energy("best", 13.5) == 72e-12
    assert survey_energy("best", 15) == 4 * 72e-12
    assert {len(line) for line in BINS.values()} == {10}
    assert all(a <= b <= c for a, b, c in zip(BINS["best"], BINS["p10"], BINS["median"], strict=True))


def test_figures_of_merit_by_hand() -> None:
    """The survey's best converter: 0.354 fJ per step at 9.07 bits is 0.19 pJ. Schreier's definition is inverted."""
    assert walden_energy(0.354e-15, 9.07) == pytest.approx(0.19e-12, rel=5e-3)
    power, rate, sndr = 3e-6, 2e5, 61.96
    merit = sndr + 10 * log10(rate / 2 / power)
    assert schreier_energy(merit, (sndr - 10 * log10(1.5)) / (20 * log10(2))) == pytest.approx(power / rate, rel=1e-12)


@pytest.mark.parametrize(("noise", "expected"), [(0.3, 7.47), (0.5, 7.00), (1.0, 6.15)])
def test_noise_costs_bits(noise: float, expected: float) -> None:
    assert effective_bits(8, noise) == pytest.approx(expected, abs=5e-3)
    volts = noise / 256
    assert adc(noise=f"{volts!r} V").effective_bits == pytest.approx(expected, abs=5e-3)


def test_a_conversion_is_priced_at_its_effective_bits() -> None:
    quiet, noisy = (
        adc(energy={"walden": "2 fJ"}, noise=noise).prices({}, CONTEXT)[0]
        for noise in ("0 V", "3.90625 mV")  # 1 LSB
    )
    assert quiet.joules == pytest.approx(2e-15 * 256)
    assert noisy.joules == pytest.approx(2e-15 * 256 / 13**0.5)


def test_a_survey_line_carries_its_interval_and_the_worst_grade() -> None:
    stated = {"energy": Evidence("derived", "the card")}
    row = adc(energy={"survey": "p10"}).prices(stated, CONTEXT)[0]
    assert (row.joules, row.low, row.high, row.grade) == (5.14e-12, 0.42e-12, 110e-12, "derived")
    outside = adc(bits=2, energy={"survey": "p10"}).prices(stated, CONTEXT)[0]
    assert outside.grade == "assumed"
    assert "extrapolated" in outside.source
    assert adc(energy={"survey": "p10"}).prices({}, CONTEXT)[0].grade == "assumed"


def test_what_nobody_states_is_unpriced_not_free() -> None:
    rows = {row.action: row for row in adc().prices({}, CONTEXT)}
    assert rows["conversion"].joules is None
    assert rows["buffer"].joules is None
    assert rows["buffer"].source == "nobody states buffer_energy"
    assert [
        row.action for row in adc(buffered=False, sample_capacitance="1 fF", energy="2 pJ").prices({}, CONTEXT)
    ] == ["conversion"]
    stated = adc(buffer_energy="40 fJ", energy="2 pJ").prices(
        {"energy": Evidence("measured", "m", 1e-12, 3e-12)}, CONTEXT
    )
    assert [(row.joules, row.low, row.high, row.grade) for row in stated] == [
        (2e-12, 1e-12, 3e-12, "measured"),
        (40e-15, 40e-15, 40e-15, "assumed"),
    ]


def test_capacitive_dac_by_hand() -> None:
    """256 fF over a span of 0.5 V, a mean step of a third of it: 21.3 fJ."""
    assert cdac_energy(1e-15, 8, 0.25) == pytest.approx(256e-15 * 0.5 * 0.5 / 3)
    rows = {
        row.action: row
        for row in Dac(bits=8, reference="0.25 V", settling="20 ns", energy={"cdac": "1 fF"}).prices({}, CONTEXT)
    }
    assert rows["update"].joules == pytest.approx(21.33e-15, rel=1e-3)
    assert rows["update"].high == pytest.approx(256e-15 * 0.25)
    assert rows["driver"].joules is None


@pytest.mark.parametrize("bad", [{"walden": "1 fJ", "schreier": "170 dB"}, {"waldon": "1 fJ"}, {}])
def test_an_unknown_form_says_which_exist(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as error:
        adc(energy=bad)
    assert [item["msg"] for item in error.value.errors()] == [
        "expected joules, {walden: joules per step}, {schreier: dB} or {survey: envelope|best|p10|median}"
    ]
    with pytest.raises(ValidationError) as error:
        adc(energy={"survey": "mean"})
    assert len(error.value.errors()) == 1
