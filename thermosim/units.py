"""Quantities as circuit designers write them, read against the unit that a field declares.

``read("10k", "Ohm")`` and ``read("1 pF", "F")`` give SI floats. The field knows its unit, so
``300 K`` is kelvin in a temperature field and ``10 K`` is no resistance. The decimal text is
scaled before it becomes a float: "2.5 fJ" is the float nearest to 2.5e-15.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from fractions import Fraction
from typing import Literal, NamedTuple


class Dimension(NamedTuple):
    """Exponents of kilogram, metre, second, ampere, kelvin, and of the counted things."""

    kg: float = 0
    m: float = 0
    s: float = 0
    a: float = 0
    k: float = 0
    cycles: float = 0
    sweeps: float = 0
    lsb: float = 0

    def times(self, other: Dimension, power: float = 1) -> Dimension:
        if other == ONE:  # most products, and this is where long tables of an expression spend their time
            return self
        return Dimension(*(x + power * y for x, y in zip(self, other, strict=True)))

    def to_the(self, power: float) -> Dimension:
        return Dimension(*(power * x for x in self))


ONE = Dimension()
_VOLT = Dimension(1, 2, -3, -1)

# symbol -> (dimension, power of ten in SI)
UNITS: dict[str, tuple[Dimension, int]] = {
    "1": (ONE, 0),
    "%": (ONE, -2),
    "ppm": (ONE, -6),
    "dB": (ONE, 0),
    "bit": (ONE, 0),
    "V": (_VOLT, 0),
    "A": (Dimension(a=1), 0),
    "Ohm": (Dimension(1, 2, -3, -2), 0),
    "S": (Dimension(-1, -2, 3, 2), 0),
    "F": (Dimension(-1, -2, 4, 2), 0),
    "H": (Dimension(1, 2, -2, -2), 0),
    "K": (Dimension(k=1), 0),
    "s": (Dimension(s=1), 0),
    "Hz": (Dimension(s=-1), 0),
    "J": (Dimension(1, 2, -2), 0),
    "W": (Dimension(1, 2, -3), 0),
    "C": (Dimension(s=1, a=1), 0),
    "m": (Dimension(m=1), 0),
    "g": (Dimension(kg=1), -3),
    "cycles": (Dimension(cycles=1), 0),
    "sweeps": (Dimension(sweeps=1), 0),
    "LSB": (Dimension(lsb=1), 0),
}
_ALIASES = {
    "ohm": "Ohm", "Ohms": "Ohm", "ohms": "Ohm", "\u03a9": "Ohm", "\u2126": "Ohm",
    "cycle": "cycles", "sweep": "sweeps", "bits": "bit", "sec": "s",
}  # fmt: skip
PREFIXES = {
    "z": -21, "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "\u00b5": -6, "\u03bc": -6,
    "m": -3, "k": 3, "M": 6, "Meg": 6, "meg": 6, "G": 9, "T": 12,
}  # fmt: skip
_UNPREFIXED = {"1", "%", "ppm", "dB", "cycles", "sweeps", "LSB", "bit"}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)", re.DOTALL)
_FACTOR = re.compile(r"([*/]?)([^*/^]+)(?:\^([+-]?\d{1,2}))?")
_SHOWN = (
    (12, "T"), (9, "G"), (6, "M"), (3, "k"), (0, ""), (-3, "m"),
    (-6, "u"), (-9, "n"), (-12, "p"), (-15, "f"), (-18, "a"), (-21, "z"),
)  # fmt: skip


@dataclass(frozen=True)
class Quantity:
    """An SI value with its dimension."""

    value: float
    dimension: Dimension = ONE


class UnitError(ValueError):
    """A text that is no quantity of the wanted unit; the message says what was expected."""


def dimension_of(unit: str) -> Dimension:
    """Dimension of a unit text such as ``A^2/Hz``."""
    return _unit(unit)[0]


def _symbol(text: str) -> tuple[Dimension, int]:
    """One unit symbol, with or without a prefix."""
    name = _ALIASES.get(text, text)
    if name in UNITS:
        return UNITS[name]
    for length in (3, 1):
        prefix, rest = text[:length], _ALIASES.get(text[length:], text[length:])
        if prefix in PREFIXES and rest in UNITS and rest not in _UNPREFIXED:
            dimension, exponent = UNITS[rest]
            return dimension, exponent + PREFIXES[prefix]
    raise UnitError(f"unknown unit '{text}'")


def _unit(text: str) -> tuple[Dimension, int]:
    """A product of powers of units: dimension and power of ten."""
    compact = text.replace(" ", "")
    dimension, exponent, position = ONE, 0, 0
    while position < len(compact):
        match = _FACTOR.match(compact, position)
        if match is None or (position > 0 and not match[1]):
            raise UnitError(f"unknown unit '{text}'")
        power = int(match[3] or 1) * (-1 if match[1] == "/" else 1)
        factor, ten = _symbol(match[2])
        dimension, exponent = dimension.times(factor, power), exponent + power * ten
        position = match.end()
    return dimension, exponent


def _scaled(number: str, exponent: int) -> float:
    try:
        value = float(Decimal(number).scaleb(exponent))
    except DecimalException:
        value = math.inf
    if not math.isfinite(value):
        raise UnitError(f"'{number}' is too large for a number")
    return value


def read_any(text: str) -> Quantity:
    """A quantity of whatever dimension its unit has; a bare prefix (``10k``) is dimensionless."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise UnitError(f"'{text}': expected a number with a unit")
    number, unit = match[1], match[2].strip()
    if unit in PREFIXES and _ALIASES.get(unit, unit) not in UNITS:
        return Quantity(_scaled(number, PREFIXES[unit]))
    try:
        dimension, exponent = _unit(unit) if unit else (ONE, 0)
    except UnitError as error:
        raise UnitError(f"'{text}': {error}") from None
    return Quantity(_scaled(number, exponent), dimension)


def read(text: str, unit: str) -> float:
    """Read `text` as a quantity of `unit`; the result is in SI.

    Raises
    ------
    UnitError
        If the text is no number, has another dimension, or is bare where a unit is needed.
    """
    return _scaled(*_parts(text, unit))


def read_exact(text: str, unit: str) -> Fraction:
    """Like :func:`read`, without rounding: for times, which are counted in whole femtoseconds."""
    number, exponent = _parts(text, unit)
    _scaled(number, exponent)
    return Fraction(number) * Fraction(10) ** exponent


def _parts(text: str, unit: str) -> tuple[str, int]:
    """Decimal text and power of ten of a quantity of `unit`."""
    wanted, _ = _unit(unit)
    expected = "a plain number" if unit == "1" else f"{unit} with an optional SI prefix"
    if unit in _UNPREFIXED and unit != "1":
        expected = f"a number of {unit}"
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise UnitError(f"'{text}': expected {expected}")
    number, tail = match[1], match[2].strip()
    if not tail:
        if wanted == ONE:
            return number, 0
        raise UnitError(f"'{text}' has no unit: expected {expected}")
    try:
        dimension, exponent = _unit(tail)
        if dimension == wanted:
            return number, exponent
    except UnitError:
        pass
    if tail in PREFIXES:
        return number, PREFIXES[tail]
    raise UnitError(f"'{text}': expected {expected}")


@dataclass(frozen=True)
class Span:
    """A stretch of time: exact seconds, or a whole number of clock cycles or sweeps."""

    value: Fraction | int
    unit: Literal["s", "cycles", "sweeps"]

    def __str__(self) -> str:
        if self.unit == "s":
            return show(float(self.value), "s", 15)
        return f"{self.value} {self.unit[:-1] if self.value == 1 else self.unit}"


def read_span(text: str, counted: Literal["cycles", "sweeps"]) -> Span:
    """Read a time, or a whole number of `counted`: ``10 ms``, ``1 cycle``, ``4000 sweeps``.

    Raises
    ------
    UnitError
        If the text is neither, is negative, or counts a fraction.
    """
    expected = f"expected a time or a number of {counted}, e.g. 10 us or 5 {counted}"
    try:
        dimension = read_any(text).dimension
    except UnitError:
        raise UnitError(f"'{text}': {expected}") from None
    if dimension == ONE:
        raise UnitError(f"'{text}' has no unit: {expected}")
    if dimension not in (UNITS["s"][0], UNITS[counted][0]):
        raise UnitError(f"'{text}': {expected}")
    unit: Literal["s", "cycles", "sweeps"] = "s" if dimension == UNITS["s"][0] else counted
    value = read_exact(text, unit)
    if value < 0:
        raise UnitError(f"'{text}' is negative: {expected}")
    if unit == "s":
        return Span(value, unit)
    if value.denominator != 1:
        raise UnitError(f"'{text}' is not a whole number of {counted}")
    return Span(int(value), unit)


def describe(dimension: Dimension) -> str:
    """A unit of that dimension, for messages: ``Ohm``, ``V``, ``kg*m^2/s^3``, or ``a plain number``."""
    if dimension == ONE:
        return "a plain number"
    for name, (known, _) in UNITS.items():
        if known == dimension and name != "g":
            return name
    symbols = ("kg", "m", "s", "A", "K", "cycles", "sweeps", "LSB")
    factors = [(symbol, power) for symbol, power in zip(symbols, dimension, strict=True) if power]
    above = "*".join(symbol if power == 1 else f"{symbol}^{power:g}" for symbol, power in factors if power > 0)
    below = "".join(f"/{symbol}" if power == -1 else f"/{symbol}^{-power:g}" for symbol, power in factors if power < 0)
    return (above or "1") + below


def show(value: float, unit: str, digits: int = 4) -> str:
    """Print an SI value with its unit and an SI prefix: ``show(1.2e-14, "F")`` is ``12 fF``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}" if unit in ("1", "") else f"{value:g} {unit}"
    if unit in _UNPREFIXED or unit == "":
        return f"{value:.{digits}g}" if unit in ("1", "") else f"{value:.{digits}g} {unit}"
    power = 2 if "^2" in unit.split("/")[0].split("*")[0] else 1
    rounded = abs(float(f"{value:.{digits}g}"))
    for exponent, prefix in _SHOWN:
        if rounded >= 10.0 ** (exponent * power) * (1 - 1e-12):
            if power == 2:
                break
            return f"{value / 10.0**exponent:.{digits}g} {prefix}{unit}"
    return f"{value:.{digits}g} {unit}"
