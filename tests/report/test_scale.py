"""Numbers as a reader wants them: one prefix for a pair, digits by the error."""

import math

import pytest

from thermosim.report import scale


@pytest.mark.parametrize(
    ("largest", "unit", "factor", "shown"),
    [
        (0.06, "V", 1e3, "mV"),
        (1.0, "V", 1.0, "V"),
        (999e-6, "s", 1e6, "us"),
        (4.2e-15, "J", 1e15, "fJ"),
        (0.0, "V", 1.0, "V"),
        (12.0, "1", 1.0, ""),
    ],
)
def test_engineering_prefix(largest: float, unit: str, factor: float, shown: str) -> None:
    assert scale.engineering(largest, unit) == (pytest.approx(factor, rel=1e-12), shown)


@pytest.mark.parametrize(
    ("value", "error", "unit", "said"),
    [
        (2.3096, 0.0417, "sweeps", "2.310 ± 0.042 sweeps"),
        (9.0, 0.2, "", "9.00 ± 0.20"),
        (12345.6, 30.0, "", "12,346 ± 30"),
        (0.5, 0.0, "", "0.5"),
        (0.5, math.nan, "", "0.5"),
        (math.nan, math.nan, "sweeps", "undefined"),
        (1e-9, 1e-10, "", "1e-09 ± 1e-10"),
    ],
)
def test_digits_follow_the_error(value: float, error: float, unit: str, said: str) -> None:
    assert scale.pm(value, error, unit) == said


def test_value_and_error_share_a_prefix() -> None:
    assert scale.pm_si(100e-6, 0.22e-6, "s") == "100.00 ± 0.22 us"
    assert scale.pm_si(math.inf, 1.0, "s") == "undefined"
