"""A diffusion model run backwards on one cell by a demon whose score comes late: how much broader each mode comes out.

    dx = x / 2 dt + s(x(t - d), T - (t - d)) dt + dw,  0 < t < T = 8

with s(x, t) the score at t of dx = -x / 2 dt + dw from two equal modes at +-1.5 of deviation 0.3 (TAI, arXiv
2302.06584, eqs 18 to 21 with beta = 1). The netlist's unit of time is 1 us and of x 100 mV; it starts at 0 and not in
the law of the forward process at T, whose memory is down to exp(-T / 2). A transconductance that gives more than the
resistor takes makes the growth.
"""

import sys
import types

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, norm

import thermosim as ts
from thermosim.contracts import Arithmetic

FAR, SMALL = 5.0, 1e-6  # standard errors, and their p
TICKS, SPAN, UNIT = 800, 8.0, 0.1
CHIP = """\
thermosim: 1
name: backwards
temperature: 300 K
instances:
  C: {{type: capacitor, c: 1 pF, pins: {{p: x, n: 0}}}}
  R: {{type: resistor, r: 1 MOhm, noisy: false, pins: {{p: u, n: x}}}}
  G: {{type: transconductance, gm: 1.5 uS, pins: {{p: x, n: 0, cp: x, cn: 0}}}}
  N: {{type: white_noise, psd: 2e-20 A^2/Hz, pins: {{p: x, n: 0}}}}
  adc: {{type: adc, bits: 16, reference: 2 V, latency: {adc} cycles, pins: {{in: x, clock: ck, out: y}}}}
  dac: {{type: dac, bits: 16, reference: 10 V, settling: 0 s, pins: {{in: d, clock: ck, out: u}}}}
  osc: {{type: clock, frequency: 100 MHz, pins: {{out: ck}}}}
controllers:
  demon:
    program: "late_scores:Score"
    behind: {behind}
    clock: ck
    reads: {{y: y}}
    writes: {{d: d}}
    latency: {own} cycles
    arithmetic: {{card: digital/cmos45}}
run: {{growth: allowed, duration: 8 us, replicas: 10000, record: {{x: every 8 us}}}}
"""


def score(x, left):
    """d/dx ln p at time `left` of the forward process."""
    decay = np.exp(-left / 2)
    mean, variance = 1.5 * decay, 0.09 * decay**2 + 1 - decay**2
    return (mean * np.tanh(mean * x / variance) - x) / variance


class Score:
    """The exact score of what was read, at the time when it was read: `behind` ticks ago, the latency of the ADC."""

    law = None
    arithmetic = Arithmetic(macs=4, bytes_read=8)

    def __init__(self, plan, options):
        self.behind = options["behind"]

    def initial_state(self, replicas):
        return {}

    def act(self, reads, tick, state, rng):
        left = SPAN * (1 - max(0, tick - self.behind) / TICKS)
        return {"d": UNIT * score(reads["y"] / UNIT, left)}, state


def by_the_chip(monkeypatch, folder, adc, own, seed=17):
    """x at the end, in the unit; `adc`, `own`: cycles until a code is published, and from there to the drive."""
    module = types.ModuleType("late_scores")
    module.Score = Score
    monkeypatch.setitem(sys.modules, "late_scores", module)
    path = folder / "backwards.yaml"
    path.write_text(CHIP.format(adc=adc, own=own, behind=adc))
    record = ts.simulate(ts.load(path), seed=seed)
    assert record.samples["x"].shape == (10000, 1, 1)
    assert record.counters["adc.clipped"].sum() == record.counters["dac.clipped"].sum() == 0
    return record.samples["x"][:, 0, 0] / UNIT


def by_hand(state_late, time_late, replicas=20_000, seed=4):
    """The same by NumPy: exact between ticks, the score held; before anything was read the drive is that of x = 0."""
    generator = np.random.default_rng(seed)
    h, x, seen = SPAN / TICKS, np.zeros(replicas), []
    for k in range(TICKS):
        seen.append(x)
        held = score(seen[max(0, k - state_late)], SPAN * (1 - max(0, k - time_late) / TICKS))
        x = np.exp(h / 2) * x + 2 * np.expm1(h / 2) * held + np.sqrt(np.expm1(h)) * generator.standard_normal(replicas)
    return x


def mode(x):
    """Deviation of a mode, both folded on the right, and its standard error by the fourth moment."""
    square = (np.abs(x) - np.abs(x).mean()) ** 2
    deviation = np.sqrt(square.mean())
    return deviation, square.std() / np.sqrt(len(x)) / (2 * deviation)


def wanted(x):
    return (norm.cdf((x - 1.5) / 0.3) + norm.cdf((x + 1.5) / 0.3)) / 2


@pytest.mark.parametrize(
    ("adc", "own", "deviation", "distance"),
    [(0, 0, 0.310, 0.009), (4, 4, 0.468, 0.058), (5, 15, 0.656, 0.120), (40, 0, 0.831, 0.172)],
)
def test_modes_broaden_with_the_latency_of_the_score(monkeypatch, tmp_path, adc, own, deviation, distance):
    """Deviation of a mode and the distance of Kolmogorov and Smirnov with a score 0, 1, 2.5 and 5 % of T late.

    The quoted values are of an unstated number of draws, taken to be no fewer than ours; a share of N draws has the
    error 1 / (2 sqrt N) at most.
    """
    late = adc + own
    found, other = by_the_chip(monkeypatch, tmp_path, adc, own), by_hand(late, late)
    spread, error = mode(found)
    assert abs(spread - deviation) < FAR * np.sqrt(2) * error
    assert abs(kstest(found, wanted).statistic - distance) < FAR * np.sqrt(2) / 2 / np.sqrt(len(found))
    # The whole law, by the independent loop.
    assert abs(spread - mode(other)[0]) < FAR * np.hypot(error, mode(other)[1])
    assert ks_2samp(found, other).pvalue > SMALL
    assert ks_2samp(np.abs(found), np.abs(other)).pvalue > SMALL
    # Mutants: no latency, half of it, of the state alone, of the time alone; five ticks where there is none.
    mutants = [(0, 0), (late // 2, late // 2), (late, 0), (0, late)] if late else [(5, 5)]
    for mutant in mutants:
        assert ks_2samp(np.abs(found), np.abs(by_hand(*mutant))).pvalue < SMALL, mutant
