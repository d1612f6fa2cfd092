"""What a controller is told of noise with a memory: its white equivalent, and nothing of 1/f."""

import numpy as np
import pytest

from thermosim.circuit import assemble, elaborate
from thermosim.demon import build
from thermosim.engine.simulator import run
from thermosim.netlist import load_text

LINES = """\
thermosim: 1
name: plant
temperature: 300 K
instances:
  C: {type: capacitor, c: 1 pF, shape: [2], pins: {p: "x[i]", n: 0}}
  R: {type: resistor, r: 10 MOhm, shape: [2], pins: {p: "x[i]", n: 0}}
  Rc: {type: resistor, r: 20 MOhm, pins: {p: "x[0]", n: "x[1]"}}
  Rd: {type: resistor, r: 10 MOhm, shape: [2], pins: {p: "u[i]", n: "x[i]"}}
  N: {type: NOISE, shape: [2], pins: {p: "x[i]", n: 0}}
  M: {type: white_noise, psd: 2e-21 A^2/Hz, pins: {p: "x[0]", n: "x[1]"}}
  adc: {type: adc, bits: 10, reference: 0.5 V, latency: 100 ns, shape: [2], pins: {in: "x[i]", clock: ck, out: "y[i]"}}
  dac: {type: dac, bits: 12, reference: 0.5 V, settling: 20 ns, shape: [2], pins: {in: "d[i]", clock: ck, out: "u[i]"}}
  osc: {type: clock, frequency: 10 MHz, pins: {out: ck}}
target: {gaussian_mixture: {means: [[20, -10]], sigma: 40, unit: mV}}
controllers: {demon: {program: score, network: target, clock: ck, reads: {y: "y[*]"}, writes: {d: "d[*]"},
  latency: 100 ns}}
run: {duration: 500 us, burn_in: 60 us, replicas: 256, record: {x: every 20 us}}
"""
SOURCES = {
    "white": "white_noise, psd: 4e-21 A^2/Hz",
    "band": "band_noise, psd: 4e-21 A^2/Hz, bandwidth: 2 MHz, second_pole: 5 MHz",
    "held": "held_noise, psd: 4e-21 A^2/Hz",
}
FLICKER = (
    "  F: {type: flicker_noise, psd: 1e-25 A^2/Hz, at: 1 kHz, f_low: 1 Hz, f_high: 1 MHz, ripple: 0.01, "
    'shape: [2], pins: {p: "x[i]", n: 0}}\n  M:'
)


def program(kind, flicker=False):
    lines = LINES.replace("NOISE", SOURCES[kind])
    if kind == "held":
        lines = lines.replace(
            "n: 0}}\n  M:", "n: 0, clock: cn}}\n  on: {type: clock, frequency: 20 MHz, pins: {out: cn}}\n  M:"
        )
    if flicker:
        lines = lines.replace("  M:", FLICKER, 1)
    return assemble(elaborate(load_text(lines, "t.yaml")))


@pytest.mark.parametrize(("kind", "flicker"), [("band", False), ("held", False), ("white", True), ("held", True)])
def test_a_controller_is_told_the_white_equivalent(kind, flicker):
    (white,), (seen,) = program("white").controllers, program(kind, flicker).controllers
    for name in ("capacitance", "conductance", "noise", "input_conductance", "input_capacitance", "current"):
        expected = getattr(white.plant, name)
        scale = np.abs(expected).max() or 1.0
        np.testing.assert_allclose(getattr(seen.plant, name) / scale, expected / scale, atol=1e-14, err_msg=name)
    assert np.array_equal(seen.plant_nodes, white.plant_nodes)
    assert np.array_equal(seen.plant_inputs, white.plant_inputs)


def test_and_the_notes_say_so():
    told = "controllers are told of network x[0] "
    assert told + "band-limited and held noise as if it were white" in program("held").notes
    assert (
        told + "band-limited and held noise as if it were white and nothing of its 1/f noise"
        in program("held", True).notes
    )
    assert told + "nothing of its 1/f noise" in program("white", True).notes
    assert not [note for note in program("white").notes if "controllers" in note]


def test_a_demon_works_under_digital_noise_as_under_white_noise():
    """Both are wider than their target, by the latency of the loop, and by the same."""
    spreads = []
    for kind in ("white", "held"):
        built = program(kind)
        demons = {plan.path: build(plan) for plan in built.controllers}
        x = run(built, demons, seed=3, threads=1).samples["x"]
        spreads.append(x.std(axis=(0, 1)))
    error = np.sqrt(2 / (2 * x.shape[0] * x.shape[1]))  # of a ratio; a sample is 10 relaxation times
    np.testing.assert_allclose(spreads[1] / spreads[0], 1, atol=5 * error)
    assert np.all(np.abs(spreads[0] / 40e-3 - 1) > 10 * error), "the latency is seen, so that this is a test"
