"""A proportional loop from its netlist against the exact variance of sampled, held and late feedback."""

import numpy as np
import pytest
from scipy.special import stdtrit

import thermosim as ts
from thermosim.analysis.delay import delayed_loop_variance

LOOP = """\
thermosim: 1
name: proportional_loop
description: As if continuous, u = -3 y makes the rate of a 1 us node 4/us and its variance 100 mV^2 x 1/4.
models:
  fine_adc: {{type: adc, bits: 16, reference: 2 V, latency: 0 cycles}}
  fine_dac: {{type: dac, bits: 16, reference: 2 V, settling: 0 s}}
instances:
  C: {{type: capacitor, c: 1 pF, pins: {{p: x, n: 0}}}}
  R: {{type: resistor, r: 1 MOhm, noisy: false, pins: {{p: u, n: x}}}}
  N: {{type: white_noise, psd: 4e-20 A^2/Hz, pins: {{p: x, n: 0}}}}   # alone 100 mV rms
  adc: {{model: fine_adc, pins: {{in: x, clock: ck, out: y}}}}
  dac: {{model: fine_dac, pins: {{in: d, clock: ck, out: u}}}}
  osc: {{type: clock, frequency: 20 MHz, pins: {{out: ck}}}}
controllers:
  demon:
    {{program: proportional, gain: 3, aim: 0, clock: ck, reads: {{y: y}}, writes: {{d: d}}, latency: {cycles} cycles}}
run: {{duration: 400 us, burn_in: 20 us, replicas: 64, record: {{x: every 50 ns}}, measure: [mixing]}}
"""


def exact_ratio(periods):
    """Variance over a quarter of the free node's, in units of the relaxation time."""
    return 4 * delayed_loop_variance(rate=1.0, gain=-3.0, diffusion=2.0, period=0.05, latency=0.05 * periods)


@pytest.mark.parametrize(("periods", "published"), [(0, 1.0811), (1, 1.2491), (2, 1.4395), (5, 2.2342)])
def test_a_proportional_loop_that_aims_at_a_quarter_of_the_variance(tmp_path, periods, published):
    assert round(exact_ratio(periods), 4) == published
    path = tmp_path / "loop.yaml"
    path.write_text(LOOP.format(cycles=periods))
    chip = ts.load(path)
    record = ts.simulate(chip, seed=31)
    assert record.counters["adc.clipped"].sum() + record.counters["dac.clipped"].sum() == 0
    ratio = (record.samples["x"][:, :, 0] ** 2).mean(axis=1) / (0.01 / 4)
    far = stdtrit(len(ratio) - 1, 1 - 5e-7) * ratio.std(ddof=1) / np.sqrt(len(ratio))
    assert abs(ratio.mean() - published) < far
    assert abs(ratio.mean() - exact_ratio(periods + 1)) > far, "one period later"
    if periods:
        assert abs(ratio.mean() - exact_ratio(periods - 1)) > far, "one period earlier"
