"""Nonlinear chips against their laws: chains, rings, driven nets, converters, formulas, coils."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.nonlinear_chips import chip
from thermosim import measure, simulate
from thermosim.analysis.mixing import integrated_time
from thermosim.constants import BOLTZMANN
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.measure.nonlinear import island_marginals

UNITS = """
  C: {type: capacitor, c: 1 pF, shape: [N], pins: {p: "x[i]", n: 0}}
  Q: {type: polynomial_conductance, g1: -4 uS, g2: 8 uS/V, g3: 1 mS/V^2, noisy: false, shape: [N],
      pins: {p: "x[i]", n: 0}}
  S: {type: white_noise, psd: 2e-20 A^2/Hz, shape: [N], pins: {p: "x[i]", n: 0}}
  K: {type: polynomial_conductance, g1: 5 uS, g3: 0.2 mS/V^2, noisy: false, shape: [N - 1],
      pins: {p: "x[i]", n: "x[i+1]"}}
"""
LAST = """
  L: {type: resistor, r: 200 kOhm, noisy: false, pins: {p: "x[0]", n: "x[LAST]"}}
"""
RUN = "run: {duration: 600 us, burn_in: 5 us, replicas: 256, record: {'x[*]': every 500 ns}}\n"


def units(n: int, ring: bool) -> str:
    text = UNITS.replace("[N - 1]", f"[{n - 1}]").replace("[N]", f"[{n}]")
    return text + (LAST.replace("LAST", str(n - 1)).lstrip("\n") if ring else "")


def _error(values: np.ndarray) -> float:
    """Standard error of the mean of (chain, draw), by its correlation time."""
    values = values.reshape(values.shape[:2])
    return float(np.sqrt(values.var() * integrated_time(values).tau / values.size))


@pytest.mark.parametrize("ring", [False, True], ids=["chain", "ring"])
def test_moments_of_coupled_units(tmp_path, ring) -> None:
    """Means, variances, kurtosis and covariances of neighbours against transfer matrices; 8 % in a variance is seen."""
    made = chip(tmp_path, units(5, ring), RUN)
    island = made.program.nonlinear_islands[0]
    law = island_marginals(island, island.drawn, np.zeros(0))
    values = simulate(made, seed=3).samples["x[*]"]
    mean = law.moment(1)
    for k in range(5):
        moments = [values[:, :, k], (values[:, :, k] - mean[k]) ** 2, (values[:, :, k] - mean[k]) ** 4]
        for sampled, exact in zip(moments, [mean[k], law.moment(2)[k], law.moment(4)[k]], strict=True):
            assert abs(sampled.mean() - exact) < 5 * _error(sampled)
        spread = _error(moments[1])
        assert abs(moments[1].mean() * 1.08 - law.moment(2)[k]) > 5 * spread
    assert len(law.joint) == (5 if ring else 4)
    for i, j in law.joint:
        product = (values[:, :, i] - mean[i]) * (values[:, :, j] - mean[j])
        assert abs(product.mean() - law.covariance((i, j))) < 5 * _error(product)
        assert product.mean() > 10 * _error(product)


def test_the_summary_knows_the_law_of_a_chain(tmp_path) -> None:
    record = simulate(chip(tmp_path, units(5, False), RUN), seed=4)
    (target,) = measure(record).target
    assert len(target.distances) == 5
    assert max(one.excess for one in target.distances) < 5
    mutant = replace(record, samples={"x[*]": 1.03 * record.samples["x[*]"]})
    assert max(one.excess for one in measure(mutant).target[0].distances) > 5


def test_unequal_noise_has_no_closed_law(tmp_path) -> None:
    """Johnson noise of the couplings stands between nodes: a note says which condition fails."""
    text = units(5, False).replace("noisy: false, shape: [4]", "noisy: true, shape: [4]")
    made = chip(tmp_path, text, RUN.replace("200 us", "20 us"))
    (target,) = measure(simulate(made, replicas=16)).target
    assert target.note.startswith("no closed law: its noise is not in one proportion to its capacitances")
    assert not target.distances
    assert any("no thermal equilibrium" in note for note in made.program.notes)


def test_driven_nets_shift_the_law(tmp_path) -> None:
    """A node tied by a formula and a resistor to a net at 80 mV, against quadrature."""
    text = """
  V: {type: voltage_source, v: 80 mV, pins: {p: u, n: 0}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 200 kOhm, noisy: false, pins: {p: x, n: 0}}
  F: {type: formula_conductance, low: -1 V, high: 1 V, current: "{I0 * (exp(v / V0) - exp(-v / V0))}",
      noisy: false, pins: {p: u, n: x}}
  N: {type: white_noise, psd: 2e-20 A^2/Hz, pins: {p: x, n: 0}}
"""
    run = "run: {duration: 200 us, burn_in: 5 us, replicas: 256, record: {x: every 500 ns}}\n"
    made = chip(tmp_path, text, run, "parameters: {I0: 0.5 uA, V0: 60 mV}\n")
    record = simulate(made, seed=5)
    (target,) = measure(record).target
    assert target.distances[0].excess < 5
    s, v = 1e-20 / 1e-12, np.linspace(-0.5, 0.6, 4001)
    energy = 2 / s * (v**2 / 2 / 2e5 + 0.5e-6 * 0.06 * 2 * np.cosh((0.08 - v) / 0.06))
    p = np.exp(-(energy - energy.min()))
    mean = float(p @ v / p.sum())
    x = record.samples["x"]
    assert abs(x.mean() - mean) < 5 * _error(x)
    assert mean > 0.03
    assert abs(x.mean() + mean) > 50 * _error(x)  # a current that flows the other way
    assert any("cubic pieces" in note for note in made.program.notes)


def test_a_formula_left_is_told(tmp_path) -> None:
    from thermosim.errors import SimulationError

    text = """
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  F: {type: formula_conductance, low: -0.1 V, high: 0.1 V, current: "{G0 * v + G0 * v * v * v / (V0 * V0)}",
      noisy: true, pins: {p: x, n: 0}}
  N: {type: white_noise, psd: 4e-19 A^2/Hz, pins: {p: x, n: 0}}
"""
    run = "run: {duration: 200 us, replicas: 64, record: {x: every 500 ns}}\n"
    made = chip(tmp_path, text, run, "parameters: {G0: 10 uS, V0: 100 mV}\n")
    with pytest.raises(SimulationError, match=r"chip\.yaml:6: F: the voltage across it left the range"):
        simulate(made)


LOOP = """
  ck: {type: clock, frequency: 20 MHz, pins: {out: ck}}
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  Q: {type: polynomial_conductance, g1: 1 uS, g3: 0.5 mS/V^2, noisy: false, pins: {p: x, n: 0}}
  R: {type: resistor, r: 300 kOhm, noisy: false, pins: {p: u, n: x}}
  N: {type: white_noise, psd: 5e-21 A^2/Hz, pins: {p: x, n: 0}}
  A: {type: adc, bits: 10, reference: 1 V, latency: 1 cycle, pins: {in: x, clock: ck, out: y}}
  D: {type: dac, bits: 10, reference: 1 V, settling: 20 ns, pins: {in: d, clock: ck, out: u}}
"""


def test_converters_drive_and_sample_a_nonlinear_node(tmp_path) -> None:
    """A proportional controller holds the node; codes follow it, and stopping changes no bit."""
    from thermosim.engine.simulator import run as run_program

    more = "controllers: {demon: {program: proportional, clock: ck, reads: {y: y}, writes: {u: d}, gain: 2}}\n"
    run = "run: {duration: 100 us, burn_in: 5 us, replicas: 32, record: {x: every 500 ns, y: every 500 ns}}\n"
    free = simulate(chip(tmp_path, LOOP, run, more.replace("gain: 2", "gain: 0")), seed=2)
    made = chip(tmp_path, LOOP, run, more)
    held = simulate(made, seed=2)
    assert held.samples["x"].var() < 0.8 * free.samples["x"].var()
    nominal = -1 + (free.samples["y"] + 0.5) * 2 / 1024
    assert np.corrcoef(nominal.ravel(), free.samples["x"].ravel())[0, 1] > 0.5
    stopped = run_program(made.program, made.controllers, 2, 32, 1, stop=lambda time: time > 40_000_000_000)
    resumed = simulate(made, seed=2, resume=stopped)
    assert np.array_equal(resumed.samples["x"], held.samples["x"])
    assert "a converter moves its inputs" in measure(held).target[0].note


COIL = """
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 10 kOhm, temperature: 3e6 K, pins: {p: x, n: 0}}
  L: {type: saturable_inductor, l: 1 uH, i_sat: 5 uA, pins: {p: x, n: 0}}
"""


def test_a_saturating_coil_is_in_equilibrium(tmp_path) -> None:
    """Equipartition: <v^2> = k T / C, and flux of exp(-(l x^2 / 2 + l x^4 / 4 i_sat^2) / k T); ringing, underdamped."""
    run = "run: {duration: 2 us, replicas: 4, record: {x: every 100 ns}}\n"
    made = chip(tmp_path, COIL, run)
    island = made.program.nonlinear_islands[0]
    energy = BOLTZMANN * 3e6
    assert island.drawn.kelvin(island.parity) == pytest.approx(3e6)
    x = np.linspace(-8e-5, 8e-5, 20001)
    p = np.exp(-(1e-6 * x**2 / 2 + 1e-6 * x**4 / 4 / 25e-12) / energy)
    flux = float(x**2 @ p / p.sum())
    runner = NonlinearRunner(island, np.zeros((0, 4096)), 1, 1)
    runner.advance(100_000_000)
    seen = []
    for _ in range(40):
        runner.advance(runner.time + 25_000_000)
        seen.append((runner.state**2).mean(axis=1))
    ratio = np.array(seen) / np.array([energy / 1e-12, flux])
    spread = ratio.std(axis=0) / np.sqrt(40 / integrated_time(ratio[:, 1][None]).tau)
    assert np.all(np.abs(ratio.mean(axis=0) - 1) < 5 * spread)
    assert spread.max() < 0.008
    assert flux < 0.6 * energy / 1e-6  # without saturation: k T / l, far outside


def test_two_temperatures_or_a_source_leave_no_equilibrium(tmp_path) -> None:
    run = "run: {duration: 2 us, step: 30 ps, replicas: 4, record: {x: every 100 ns}}\n"
    source = "  S: {type: current_source, i: 1 uA, pins: {p: x, n: 0}}\n"
    nonlinear = "  Q: {type: polynomial_conductance, g3: 1 mS/V^2, noisy: false, pins: {p: x, n: 0}}\n"
    noise = "  N: {type: white_noise, psd: 1e-20 A^2/Hz, pins: {p: y, n: 0}}\n"
    other = (
        "  Cy: {type: capacitor, c: 1 pF, pins: {p: y, n: 0}}\n  Ry: {type: resistor, r: 1 kOhm, pins: {p: x, n: y}}\n"
    )
    parallel = "  L2: {type: inductor, l: 1 uH, pins: {p: x, n: 0}}\n"
    for more, equilibrium in (("", True), (source, False), (nonlinear, False), (other, False), (other + noise, False),
                              (parallel, False)):  # fmt: skip
        island = chip(tmp_path, COIL + more, run).program.nonlinear_islands[0]
        assert (island.drawn.kelvin(island.parity) is not None) == equilibrium, more
