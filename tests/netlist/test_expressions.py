"""Expressions: values, dimensions, and the whole text of every refusal."""
# ruff: noqa: E501 - whole messages stand on one line

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermosim.netlist.expressions import ExpressionError, evaluate, evaluate_as, names_in
from thermosim.units import Quantity, read_any

NAMES = {"R0": read_any("10 kOhm"), "R1": read_any("30 kOhm"), "C0": read_any("2 pF"), "N": read_any("64"), "i": 3.0}


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("{R0 / 2}", "Ohm", 5e3),
        ("{R0 * C0}", "s", 2e-8),
        ("{1 / (R0 * C0)}", "Hz", 5e7),
        ("{R0 * R1 / (R0 + R1)}", "Ohm", 7.5e3),
        ("{sqrt(R0 * R1)}", "Ohm", math.sqrt(3e8)),
        ("{R0 ** 2 / R1}", "Ohm", 1e8 / 3e4),
        ("{2 ** -1 + i}", "1", 3.5),
        ("{-i + +N}", "1", 61.0),
        ("{exp(log(2))}", "1", math.exp(math.log(2))),
        ("{min(R0, R1)}", "Ohm", 1e4),
        ("{max(R0, R1, 2 * R1)}", "Ohm", 6e4),
        ("{R0 - R1}", "Ohm", -2e4),
        ("  { 1e-3 }  ", "1", 1e-3),
        ("{sqrt(R0) * sqrt(R0)}", "Ohm", 1e4),
    ],
)
def test_an_expression_has_value_and_dimension(text: str, unit: str, value: float) -> None:
    assert math.isclose(evaluate_as(text, unit, NAMES), value, rel_tol=1e-14)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{C1 / 2}", "'{C1 / 2}': unknown name 'C1'; these exist: C0, N, R0, R1, i"),
        ("{voltage}", "'{voltage}': unknown name 'voltage'; these exist: C0, N, R0, R1, i"),
        ("{R0 + C0}", "'{R0 + C0}': cannot add Ohm and F"),
        ("{R0 - 1}", "'{R0 - 1}': cannot subtract Ohm and a plain number"),
        ("{min(R0, C0)}", "'{min(R0, C0)}': cannot compare Ohm and F"),
        ("{exp(R0)}", "'{exp(R0)}': exp takes a plain number, not Ohm"),
        ("{2 ** R0}", "'{2 ** R0}': an exponent is a plain number, not Ohm"),
        ("{R0 ** 99}", "'{R0 ** 99}': a power of 99 of Ohm"),
        ("{1 / (i - 3)}", "'{1 / (i - 3)}': division by zero"),
        ("{0 ** -1}", "'{0 ** -1}': division by zero"),
        ("{10 ** 400}", "'{10 ** 400}': the value is too large for a number"),
        ("{1e200 * 1e200}", "'{1e200 * 1e200}': the value is too large for a number"),
        ("{exp(1000)}", "'{exp(1000)}': the value is too large for a number"),
        ("{sqrt(-1)}", "'{sqrt(-1)}': the value is not a real number"),
        ("{(-8) ** 0.5}", "'{(-8) ** 0.5}': the value is not a real number"),
        ("{log(0)}", "'{log(0)}': the value is not a real number"),
        ("{sine(1)}", "'{sine(1)}': unknown function 'sine'; did you mean 'sin'?"),
        ("{sqrt(1, 2)}", "'{sqrt(1, 2)}': sqrt takes one value, got 2"),
        ("{min(1)}", "'{min(1)}': min takes two or more values, got 1"),
        ("{}", "'{}': nothing between the braces"),
        ("{R0", "'{R0': an expression stands in braces, e.g. {R0 / 2}"),
        ("{R0 /}", "'{R0 /}': not an expression; write numbers, names, + - * / ** and cos, exp, log, max, min, sin, sqrt"),
        ("{1 pF}", "'{1 pF}': not an expression; write numbers, names, + - * / ** and cos, exp, log, max, min, sin, sqrt"),
        ("{R0.value}", "'{R0.value}': 'R0.value' is not allowed; write numbers, names, + - * / ** and cos, exp, log, max, min, sin, sqrt"),
        ("{i if i else 1}", "'{i if i else 1}': 'i if i else 1' is not allowed; write numbers, names, + - * / ** and cos, exp, log, max, min, sin, sqrt"),
        ("{True}", "'{True}': 'True' is not allowed; write numbers, names, + - * / ** and cos, exp, log, max, min, sin, sqrt"),
        ("{7 // 2}", "'{7 // 2}': '7 // 2' is not allowed; write numbers, names, + - * / ** and cos, exp, log, max, min, sin, sqrt"),
    ],
)  # fmt: skip
def test_a_refusal_quotes_the_expression(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, NAMES)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("{C0}", "Ohm", "'{C0}' is F: expected Ohm"),
        ("{2 * 3}", "V", "'{2 * 3}' is a plain number: expected V"),
        ("{R0}", "1", "'{R0}' is Ohm: expected a plain number"),
    ],
)
def test_the_field_checks_the_dimension(text: str, unit: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate_as(text, unit, NAMES)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "{__import__('os').system('true')}", "{().__class__}", "{[1][0]}", "{lambda: 1}", "{'a' * 3}", "{f(x=1)}",
        "{R0; R1}", "{(R0 := 1)}", "{sqrt.__self__}", "{9 ** 9 ** 9 ** 9}", "{" + "(" * 300 + "1" + ")" * 300 + "}",
        "{" + "-" * 400 + "1}", "{" + "1 + " * 200 + "1}", "{1j}", "{i @ i}", "{not i}", "{i < 1}",
    ],
)  # fmt: skip
def test_nothing_else_of_python_is_reachable(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, NAMES)


def test_names_in_leaves_functions_out() -> None:
    assert names_in("{sqrt(R0 * R1) + i}") == {"R0", "R1", "i"}


numbers = st.floats(min_value=-1e3, max_value=1e3, allow_nan=False).map(lambda x: f"({x!r})")
arithmetic = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(arithmetic)
def test_arithmetic_agrees_with_python(text: str) -> None:
    assert evaluate("{" + text + "}", {}).value == eval(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="R0C1ij+-*/() .,eE{}[]sqrtminx_'\"=:<", max_size=30))
def test_any_text_has_a_finite_value_or_a_message(text: str) -> None:
    try:
        assert math.isfinite(evaluate("{" + text + "}", NAMES).value)
    except ExpressionError:
        return


@given(
    st.floats(1e-3, 1e3),
    st.floats(1e-3, 1e3),
    st.sampled_from(["V", "F", "Ohm", "s", "J"]),
    st.sampled_from(["A", "K", "m"]),
)
def test_dimensions_multiply_and_divide_back(x: float, y: float, a: str, b: str) -> None:
    names = {"x": Quantity(x, read_any(f"1 {a}").dimension), "y": Quantity(y, read_any(f"1 {b}").dimension)}
    assert math.isclose(evaluate_as("{x * y / y}", a, names), x, rel_tol=1e-14)
    assert math.isclose(evaluate_as("{sqrt(x ** 2 * y ** 2) / x}", b, names), y, rel_tol=1e-12)
