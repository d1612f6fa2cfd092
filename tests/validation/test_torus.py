"""Ten million draws of a 4 x 4 torus of p-bits are as far from Boltzmann's law as ten million independent ones."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis.distance import total_variation, total_variation_floor
from thermosim.engine.fabric import FabricRunner

pytestmark = pytest.mark.validation

CHIP = """\
thermosim: 1
name: torus
models:
  rng: {{type: cmos_rng, tau0: 100 ns, v_s: 26 mV}}
  wire: {{type: synapse}}
instances:
  s: {{model: rng, shape: [16]}}
  osc: {{type: clock, frequency: {frequency}, pins: {{out: ck}}}}
couplings: {{j: {{between: [s, s], model: wire, matrix: {matrix}}}}}
updates: {{order: coloured, clock: ck, rng: held}}
run: {{duration: 100 sweeps}}
"""
SIGNS = "----+-++++++-+++--+-+++--+-+-+-+"  # as in the suite: the floor depends on the pattern, and this has 0.012


@pytest.mark.parametrize(("frequency", "apart"), [("2 MHz", 30), ("10 MHz", 70)])  # five and one tau0 per slot
def test_ten_million_draws_reach_the_floor_of_0_012(tmp_path, frequency, apart):
    matrix, sites = np.zeros((16, 16)), np.arange(16).reshape(4, 4)
    edges = [edge for axis in (0, 1) for edge in zip(sites.ravel(), np.roll(sites, -1, axis).ravel(), strict=True)]
    for (i, j), sign in zip(edges, SIGNS, strict=True):
        matrix[i, j] = matrix[j, i] = 0.5 if sign == "+" else -0.5
    path = tmp_path / "torus.yaml"
    path.write_text(CHIP.format(matrix=matrix.tolist(), frequency=frequency))
    runner = FabricRunner(ts.load(path).program.fabrics[0], 57, 64)
    runner.advance(1000)
    parts = np.zeros((20, 2**16))
    for part in parts:
        states = runner.advance(7813 * apart, record=True, every=apart)["s:states"]
        part += np.bincount(states.ravel(), minlength=2**16)
    counts = parts.sum(axis=0)
    draws = int(counts.sum())
    assert draws >= 10**7

    s = 2 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1) - 1
    weight = np.exp(0.5 * np.einsum("ki,ij,kj->k", s, matrix, s, optimize=True))
    exact = weight / weight.sum()
    floor, spread = total_variation_floor(exact, draws)
    assert round(floor, 3) == 0.012
    assert abs(total_variation(counts / draws, exact) - floor) < 5 * spread
    hotter = weight**0.99 / (weight**0.99).sum()
    assert total_variation(counts / draws, hotter) - total_variation_floor(hotter, draws)[0] > 5 * spread, "1 % hotter"

    pull, fitted = 2 * s * (s @ matrix), []
    for part in parts:
        beta = 1.0
        for _ in range(6):
            against = 1 / (1 + np.exp(beta * pull))
            beta += (part @ (pull * against)).sum() / (part @ (pull**2 * against * (1 - against))).sum()
        fitted.append(beta)
    error = np.std(fitted, ddof=1) / np.sqrt(20)
    assert abs(np.mean(fitted) - 1) < 7.3 * error  # Student's t of 19 degrees at 1e-6
    assert 7.3 * error < 0.005
