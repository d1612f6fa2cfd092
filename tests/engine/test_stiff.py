"""Stiff networks at work: nodes 15 decades slower than the fastest, and what cannot be waited for is refused."""

import numpy as np
from scipy.stats import chi2

import thermosim as ts
from thermosim.constants import BOLTZMANN

P_MIN = 1e-6
STIFF = """\
thermosim: 1
name: stiff
temperature: 300 K
instances:
  C1: {type: capacitor, c: 1 fF, pins: {p: x, n: 0}}
  C2: {type: capacitor, c: 1 uF, pins: {p: y, n: 0}}
  R1: {type: resistor, r: 1 kOhm, pins: {p: x, n: 0}}
  R2: {type: resistor, r: 1e9 Ohm, pins: {p: y, n: 0}}
  R3: {type: resistor, r: 1e12 Ohm, pins: {p: x, n: y}}
run: {duration: 2 ks, burn_in: 5 ks, replicas: 4096, record: {y: every 1 ks}}
"""


def chip(folder, text=STIFF):
    path = folder / "stiff.yaml"
    path.write_text(text)
    return ts.load(path)


def test_the_slow_node_has_its_variance(tmp_path):
    """kT/C (1 - exp(-2 t / tau)) at t = 6 tau and R C = 1000 s, beside 1e-12 s."""
    last = ts.simulate(chip(tmp_path), seed=5).samples["y"][:, 0, 0]
    variance = -np.expm1(-12.0 * 1.001) * BOLTZMANN * 300.0 / 1e-6

    def p_value(factor):
        total = float((last**2).sum() / (factor * variance))
        return 2 * min(chi2.cdf(total, last.size), chi2.sf(total, last.size))

    assert p_value(1.0) > P_MIN
    assert p_value(1.2) < P_MIN
    assert p_value(0.83) < P_MIN
