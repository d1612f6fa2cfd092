"""Time to solution: its formula, its limits, and how often its interval holds."""

import math

import numpy as np
import pytest

from thermosim.analysis.solution import repeats, to_solution


def test_formula_and_limits():
    assert repeats(0.5) == pytest.approx(math.log(0.01) / math.log(0.5))
    assert repeats(0.99) == repeats(1.0) == 1.0
    assert to_solution(2e-3, 50, 100).value == pytest.approx(2e-3 * 6.6439, rel=1e-4)
    never = to_solution(1.0, 0, 20)
    assert never.value == never.high == math.inf
    assert 20 < never.low < math.inf
    always = to_solution(1.0, 20, 20)
    assert always.value == always.low == 1.0 < always.high
    with pytest.raises(ValueError, match="3 successes in 2 runs"):
        to_solution(1.0, 3, 2)


def test_interval_holds_as_often_as_it_says():
    seen = np.random.default_rng(1).binomial(60, 0.2, 4000)
    exact = repeats(0.2)
    held = np.mean([one.low <= exact <= one.high for one in (to_solution(1.0, int(k), 60) for k in seen)])
    # Clopper and Pearson hold at least as often as they say
    assert held > 0.95 - 5 * math.sqrt(0.95 * 0.05 / 4000)
    assert held < 0.995
