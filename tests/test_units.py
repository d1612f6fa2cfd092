"""Quantities: what is read, what is refused, and that printing and reading agree."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermosim.units import (
    PREFIXES,
    UNITS,
    Dimension,
    Span,
    UnitError,
    describe,
    dimension_of,
    read,
    read_any,
    read_exact,
    read_span,
    show,
)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10k", "Ohm", 1e4),
        ("10 kOhm", "Ohm", 1e4),
        ("1 pF", "F", 1e-12),
        ("2.5 fJ", "J", 2.5e-15),
        ("300 K", "K", 300.0),
        ("5 %", "1", 0.05),
        ("4e-19 A^2/Hz", "A^2/Hz", 4e-19),
        ("100 ppm/K", "1/K", 1e-4),
        ("3.36 mV*um", "V*m", 3.36e-9),
        ("1M", "Ohm", 1e6),
        ("1 Meg", "Ohm", 1e6),
        ("10 µs", "s", 1e-5),
        ("10 μs", "s", 1e-5),
        ("5 kΩ", "Ohm", 5e3),
        ("3 cycles", "cycles", 3.0),
        ("1 sweep", "sweeps", 1.0),
        ("0.5 LSB", "LSB", 0.5),
        ("1F", "F", 1.0),
        ("-3 mV", "V", -3e-3),
        (".5 V", "V", 0.5),
        ("1 kg*m^2/s^2", "J", 1.0),
        ("350 aF/um", "F/m", 3.5e-10),
    ],
)
def test_a_quantity_is_read_in_its_field(text: str, unit: str, value: float) -> None:
    assert read(text, unit) == value or math.isclose(read(text, unit), value, rel_tol=1e-15)


def test_the_decimal_text_is_scaled_before_it_becomes_a_float() -> None:
    assert read("2.5 fJ", "J") == 2.5e-15
    assert 2.5 * 10.0**-15 != 2.5e-15


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("300 V", "K", "'300 V': expected K with an optional SI prefix"),
        ("10 K", "Ohm", "'10 K': expected Ohm with an optional SI prefix"),
        ("300", "K", "'300' has no unit: expected K with an optional SI prefix"),
        ("a lot", "F", "'a lot': expected F with an optional SI prefix"),
        ("1 pF", "1", "'1 pF': expected a plain number"),
        ("5 sweeps", "cycles", "'5 sweeps': expected a number of cycles"),
        ("1e999 V", "V", "'1e999' is too large for a number"),
        ("1e99999999999999999999 V", "V", "'1e99999999999999999999' is too large for a number"),
        ("nan", "V", "'nan': expected V with an optional SI prefix"),
        ("1 V V", "V", "'1 V V': expected V with an optional SI prefix"),
        ("", "V", "'': expected V with an optional SI prefix"),
    ],
)
def test_a_refusal_says_what_was_expected(text: str, unit: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        read(text, unit)
    assert str(caught.value) == message


def test_read_any_names_the_unknown_unit() -> None:
    with pytest.raises(UnitError, match=r"^'10 kOhmm': unknown unit 'kOhmm'$"):
        read_any("10 kOhmm")
    assert read_any("10k").dimension == Dimension()


@pytest.mark.parametrize(
    ("dimension", "text"),
    [
        ("Ohm", "Ohm"),
        ("V", "V"),
        ("1", "a plain number"),
        ("V*m", "kg*m^3/s^3/A"),
        ("A^2/Hz", "s*A^2"),
        ("1/K", "1/K"),
    ],
)
def test_a_dimension_has_a_readable_name(dimension: str, text: str) -> None:
    assert describe(dimension_of(dimension)) == text


@given(
    st.floats(min_value=1e-17, max_value=1e14, allow_nan=False),
    st.sampled_from(["V", "F", "Ohm", "s", "Hz", "J", "A", "W", "K"]),
)
def test_what_is_shown_reads_back(value: float, unit: str) -> None:
    assert math.isclose(read(show(value, unit, 17), unit), value, rel_tol=1e-14)


@given(
    st.decimals(min_value=-1000, max_value=1000, places=6, allow_nan=False, allow_infinity=False),
    st.sampled_from(sorted(PREFIXES)),
    st.sampled_from(["V", "F", "Ohm", "s", "Hz", "J"]),
)
def test_prefix_and_unit_multiply_exactly(number: object, prefix: str, unit: str) -> None:
    exact = Fraction(str(number)) * Fraction(10) ** PREFIXES[prefix]
    assert read_exact(f"{number:f} {prefix}{unit}", unit) == exact
    assert read(f"{number:f} {prefix}{unit}", unit) == float(exact)


@given(st.text(max_size=12), st.sampled_from(sorted(UNITS)))
def test_any_text_is_a_number_or_a_unit_error(text: str, unit: str) -> None:
    try:
        assert math.isfinite(read(text, unit))
    except UnitError:
        return


@pytest.mark.parametrize(
    ("text", "counted", "span"),
    [
        ("10 ms", "sweeps", Span(Fraction(1, 100), "s")),
        ("4000 sweeps", "sweeps", Span(4000, "sweeps")),
        ("1 cycle", "cycles", Span(1, "cycles")),
        ("0.1 ns", "cycles", Span(Fraction(1, 10**10), "s")),
        ("0 s", "cycles", Span(Fraction(0), "s")),
    ],
)
def test_a_span_is_exact_or_a_count(text: str, counted: str, span: Span) -> None:
    assert read_span(text, counted) == span  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "'5' has no unit: expected a time or a number of sweeps, e.g. 10 us or 5 sweeps"),
        ("1 V", "'1 V': expected a time or a number of sweeps, e.g. 10 us or 5 sweeps"),
        ("2 cycles", "'2 cycles': expected a time or a number of sweeps, e.g. 10 us or 5 sweeps"),
        ("-1 us", "'-1 us' is negative: expected a time or a number of sweeps, e.g. 10 us or 5 sweeps"),
        ("1.5 sweeps", "'1.5 sweeps' is not a whole number of sweeps"),
        ("soon", "'soon': expected a time or a number of sweeps, e.g. 10 us or 5 sweeps"),
    ],
)
def test_a_bad_span_says_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        read_span(text, "sweeps")
    assert str(caught.value) == message


def test_spans_print_as_they_are_written() -> None:
    assert [str(read_span(text, "cycles")) for text in ("1 cycle", "3 cycles", "20 ns")] == [
        "1 cycle",
        "3 cycles",
        "20 ns",
    ]
