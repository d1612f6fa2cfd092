"""Converters from their netlists: a sine through DAC and ADC, a monotone pair, and what a sampler takes from a node."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

import thermosim as ts

OWN = """\
import numpy as np
from thermosim.contracts import Arithmetic


class Player:
    law, arithmetic = None, Arithmetic(0, 0)

    def __init__(self, plan, options):
        self.volts = np.load(options["table"])

    def initial_state(self, replicas):
        self.replicas = replicas

    def act(self, reads, tick, state, rng):
        return {"d": np.full((1, self.replicas), self.volts[min(tick, len(self.volts) - 1)])}, state
"""
PAIR = """\
thermosim: 1
name: pair
models:
  the_adc: {{type: adc, bits: 8, reference: 1 V, latency: 0 cycles{adc}}}
  the_dac: {{type: dac, bits: {bits}, reference: 1 V, settling: 0 s{dac}}}
instances:
  dac: {{model: the_dac, pins: {{in: d, clock: ck, out: u}}}}
  adc: {{model: the_adc, pins: {{in: u, clock: ck, out: y}}}}
  osc: {{type: clock, frequency: 10 MHz, pins: {{out: ck}}}}
  C: {{type: capacitor, c: 1 pF, pins: {{p: x, n: 0}}}}   # a chip has at least one s-mode; nothing looks at this one
  R: {{type: resistor, r: 1 MOhm, pins: {{p: x, n: 0}}}}
variation: {{seed: 5}}
controllers:
  player: {{program: "{module}:Player", table: {table}, clock: ck, reads: {{y: y}}, writes: {{d: d}}}}
run: {{duration: {ticks}00 ns, replicas: 16, record: {{y: every 100 ns, u: every 100 ns}}, measure: [mixing]}}
"""
SAMPLED = """\
thermosim: 1
name: loaded
models:
  the_adc: {{type: adc, bits: 16, reference: 2 V, latency: 0 cycles, sample_capacitance: 50 fF, buffered: {buffered}}}
instances:
  C: {{type: capacitor, c: 1 pF, pins: {{p: x, n: 0}}}}
  R: {{type: resistor, r: 40 kOhm, pins: {{p: x, n: 0}}}}
  N: {{type: white_noise, psd: 4e-18 A^2/Hz, pins: {{p: x, n: 0}}}}
  adc: {{model: the_adc, pins: {{in: x, clock: ck, out: y}}}}
  osc: {{type: clock, frequency: 10 MHz, pins: {{out: ck}}}}
run: {{duration: 2 ms, burn_in: 10 us, replicas: 64, record: {{y: every 100 ns}}, measure: [mixing]}}
"""


def played(tmp_path, monkeypatch, volts, **parts):
    """Codes of the ADC (replica, draw) and the volts (draw,) that it saw, for a DAC that plays `volts` in order."""
    module = f"player_{abs(hash(str(tmp_path)))}"
    Path(tmp_path, f"{module}.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    np.save(tmp_path / "table.npy", volts)
    settings = {"adc": "", "dac": "", "bits": 8, "module": module, "table": tmp_path / "table.npy", **parts}
    path = tmp_path / "pair.yaml"
    path.write_text(PAIR.format(ticks=len(volts) + 2, **settings))
    record = ts.simulate(ts.load(path), seed=41)
    # An instant is recorded before it happens: a code is that of the volts recorded one period earlier.
    codes, seen = record.samples["y"][:, 1:-1, 0], record.samples["u"][0, :-2, 0]
    assert len(seen) == len(volts)
    return codes, seen


@pytest.mark.parametrize(("noise", "reference"), [(0.0, 8.00), (0.3, 7.472), (0.5, 7.00), (1.0, 6.15)])
def test_effective_bits_of_a_sine_at_0_49_of_full_scale(tmp_path, monkeypatch, noise, reference):
    count, cycles, step = 16384, 1621, 2 / 256
    sine = 0.49 * 2 * np.sin(2 * np.pi * cycles * np.arange(count) / count + 0.1)

    def found(sigma):
        codes, volts = played(tmp_path, monkeypatch, sine, adc=f", noise: {sigma * step!r} V", bits=16)
        assert np.abs(volts - sine).max() <= 2 / 2**16  # a sixteen-bit DAC plays the sine as good as ideal
        error = (codes + 0.5) * step - 1 - volts
        return 8 - np.log2(np.sqrt(np.mean(error**2)) / (step / np.sqrt(12)))

    theory = 8 - 0.5 * np.log2(1 + 12 * noise**2)
    assert theory == pytest.approx(reference, abs=1e-3)
    assert abs(found(noise) - theory) < 0.02
    assert abs(found(noise + 0.1) - theory) > 0.02, "a tenth of an LSB more noise"


def test_a_pair_with_mismatch_is_monotone_and_one_with_swapped_levels_is_not(tmp_path, monkeypatch):
    step = 2 / 256
    ramp = -1 + step * np.arange(256)
    codes, _ = played(tmp_path, monkeypatch, ramp)
    np.testing.assert_array_equal(codes, np.tile(np.arange(256), (16, 1)))
    for bits in (8, 12):
        fine = -1 + 2 / 2**bits * np.arange(2**bits)
        wide = ", unit_mismatch: 10 %"  # the widest that is allowed
        codes, volts = played(tmp_path, monkeypatch, fine, adc=wide, dac=wide, bits=bits)
        assert np.all(np.diff(volts) > 0)
        assert np.all(np.diff(codes) >= 0)
        assert np.any(codes != np.arange(2**bits) * 256 // 2**bits)  # the mismatch is there
    levels = [f"{v!r} V" for v in ramp.tolist()]
    levels[100], levels[140] = levels[140], levels[100]
    codes, _ = played(tmp_path, monkeypatch, ramp, dac=f", levels: [{', '.join(levels)}]")
    assert np.any(np.diff(codes) < 0)


def test_the_loading_of_an_unbuffered_sampler_is_seen(tmp_path):
    """A 50 fF sampler on a 1 pF node of 40 ns, every 100 ns: the sampled variance is 0.915 of the node's own."""
    part, kept = 50e-15 / 1.05e-12, np.exp(-100 / 40)
    exact = (1 - part) ** 2 * (1 - kept**2) / (1 - ((1 - part) * kept + part) ** 2)
    assert round(exact, 3) == 0.915
    for buffered, right, wrong in (("false", exact, 1.0), ("true", 1.0, exact), ("false", exact, (1 - part) ** 2)):
        path = tmp_path / "loaded.yaml"
        path.write_text(SAMPLED.format(buffered=buffered))
        record = ts.simulate(ts.load(path), seed=42)
        assert record.counters["adc.clipped"].sum() == 0
        volts = (record.samples["y"][:, :, 0] + 0.5) * (4 / 2**16) - 2
        ratio = (volts**2).mean(axis=1) / (4e-18 * 4e4 / (4 * 1e-12))
        far = stdtrit(63, 1 - 5e-7) * ratio.std(ddof=1) / 8
        assert abs(ratio.mean() - right) < far
        assert abs(ratio.mean() - wrong) > far
