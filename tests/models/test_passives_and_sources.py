"""Passives and sources: units, the two ways to state a noise, exact frequencies and latencies."""

from fractions import Fraction

import pytest
from pydantic import ValidationError

from thermosim.models import REGISTRY
from thermosim.models.adc import Adc
from thermosim.models.base import unit_of
from thermosim.models.passives import Capacitor, Resistor
from thermosim.models.sources import ClockSource, WhiteNoise
from thermosim.times import Clock
from thermosim.units import Span


def message(error: pytest.ExceptionInfo[ValidationError]) -> str:
    return "; ".join(str(item["msg"]) for item in error.value.errors())


def test_a_resistor_at_its_temperature_has_the_noise_of_its_conductance() -> None:
    resistor = Resistor(r="3 kOhm", temperature="77 K")
    noise = WhiteNoise(t_eff="77 K", conductance=f"{1 / 3000!r} S")
    johnson = 2 * 1.380649e-23 * 77 / 3000
    assert resistor.r == 3000.0
    assert noise.intensity == pytest.approx(johnson, rel=1e-12)


def test_a_density_is_one_sided() -> None:
    assert WhiteNoise(psd="4e-19 A^2/Hz").intensity == 2e-19


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "state psd, or t_eff together with the conductance that it refers to"),
        ({"t_eff": "300 K"}, "state psd, or t_eff together with the conductance that it refers to"),
        ({"psd": "1e-20 A^2/Hz", "t_eff": "300 K"}, "psd already states the noise; leave t_eff and conductance out"),
    ],
)
def test_noise_is_stated_once(parameters: dict[str, str], text: str) -> None:
    with pytest.raises(ValidationError) as error:
        WhiteNoise(**parameters)
    assert message(error) == f"Value error, {text}"


@pytest.mark.parametrize("bad", ["-1 Ohm", "0 Ohm", "10 kV", "10"])
def test_a_resistance_is_positive_and_in_ohms(bad: str) -> None:
    with pytest.raises(ValidationError):
        Resistor(r=bad)


def test_a_farad_where_femto_was_meant_is_refused() -> None:
    with pytest.raises(ValidationError) as error:
        Capacitor(c="1F")
    assert "out of range: above 0 F and at most 0.001 F" in message(error)


def test_a_clock_keeps_its_frequency_exact() -> None:
    third = ClockSource(frequency="33.333333333333333333333 MHz").frequency
    assert third == Fraction("33333333.333333333333333")
    assert Clock("ck", ClockSource(frequency="12 MHz").frequency).edge(12_000_000 * 3600) == 3600 * 10**15
    with pytest.raises(ValidationError) as error:
        ClockSource(frequency="0 Hz")
    assert message(error) == "Value error, 0 Hz is out of range: above 0 Hz and at most 1e+15 Hz"


def test_a_latency_is_whole_cycles_or_a_time() -> None:
    adc = {"bits": 8, "reference": "1 V"}
    assert Adc(**adc, latency="1 cycle").latency == Span(1, "cycles")
    assert Adc(**adc, latency="0 cycles").latency == Span(0, "cycles")
    assert Adc(**adc, latency="120 ns").latency == Span(Fraction(12, 10**8), "s")
    for bad, text in {
        "2.5 cycles": "'2.5 cycles' is not a whole number of cycles",
        "1 V": "'1 V': expected a time or a number of cycles, e.g. 10 us or 5 cycles",
        "3": "'3' has no unit: expected a time or a number of cycles, e.g. 10 us or 5 cycles",
        "9001 s": "9001 s is out of range: at most 9000 s",
    }.items():
        with pytest.raises(ValidationError) as error:
            Adc(**adc, latency=bad)
        assert message(error) == f"Value error, {text}"


def test_an_expression_stands_for_a_quantity_a_count_and_a_time() -> None:
    values = {"{n}": 8.0, "{t}": 3 * 40e-9, "{v}": 0.25}
    context = {"evaluate": lambda text, unit: values[text]}
    data = {"bits": "{n}", "reference": "{v}", "latency": "{t}"}
    adc = Adc.model_validate(data, context=context)
    assert (adc.bits, adc.reference, adc.latency) == (8, 0.25, Span(Fraction(12, 10**8), "s"))
    with pytest.raises(ValidationError) as error:
        Adc.model_validate({**data, "bits": "{v}"}, context=context)
    assert message(error) == "Value error, expected a whole number, got '{v}'"
    with pytest.raises(ValidationError):
        Adc.model_validate(data)


def test_every_model_is_found_by_its_type_and_every_quantity_knows_its_unit() -> None:
    for name, model in REGISTRY.items():
        assert model.model_fields["type"].default == name
        assert model.model_json_schema()["properties"]["type"]["const"] == name
        assert set(model.mismatched) <= {*model.model_fields, "weight"}
    assert unit_of(Resistor, "temperature") == "K"
    assert unit_of(Adc, "energy") == "J"
    assert unit_of(Adc, "bits") is None
