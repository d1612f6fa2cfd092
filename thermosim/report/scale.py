"""SI prefixes for an axis or a pair of numbers that must share one."""

from __future__ import annotations

import math

_PREFIXES = {-21: "z", -18: "a", -15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def engineering(largest: float, unit: str) -> tuple[float, str]:
    """Factor to multiply SI values with, and the prefixed unit, so that `largest` reads between 1 and 1000."""
    if unit in ("", "1") or not math.isfinite(largest) or largest <= 0:
        return 1.0, "" if unit == "1" else unit
    exponent = min(max(3 * math.floor(math.log10(largest) / 3), -21), 9)
    return 10.0**-exponent, _PREFIXES[exponent] + unit


def pm(value: float, error: float, unit: str = "") -> str:
    """A value with its error, both to the error's second digit: ``2.310 ± 0.042 sweeps``."""
    tail = f" {unit}" if unit else ""
    if not math.isfinite(value):
        return "undefined"
    if not (math.isfinite(error) and error > 0):
        return f"{value:.4g}{tail}"
    places = max(0, 1 - math.floor(math.log10(error)))
    if places > 6 or abs(value) >= 1e6:
        return f"{value:.3g} ± {error:.1g}{tail}"
    return f"{value:,.{places}f} ± {error:,.{places}f}{tail}"


def pm_si(value: float, error: float, unit: str) -> str:
    """The same for SI values, under one prefix: ``216.0 ± 4.0 ns``."""
    if not math.isfinite(value):
        return "undefined"
    factor, shown = engineering(abs(value), unit)
    return pm(value * factor, error * factor, shown)
