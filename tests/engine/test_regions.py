"""P-bits of another beta: a law where they do not couple to the rest or the rest is held, and none where they do."""

import numpy as np
import pytest
from small_fabrics import agrees, boltzmann, occupation

import thermosim as ts
from thermosim.circuit.discipline import discipline
from thermosim.engine.orders import runner
from thermosim.errors import NetlistError
from thermosim.ideal import exact

CHIP = """
thermosim: 1
models:
  rng:  {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}
  wire: {type: synapse}
instances:
  v:     {model: rng, shape: [3], bias: 0.2}
  h:     {model: rng, shape: [2], bias: -0.3}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  p: {between: [v, v], model: wire, matrix: [[0, 0.7, -0.5], [0.7, 0, 0.4], [-0.5, 0.4, 0]]}
  q: {between: [h, h], model: wire, matrix: [[0, 0.9], [0.9, 0]]}
ACROSS
updates: {clock: ck, beta: 0.8}
schedule: {SCHEDULE}
run: {duration: 2 ms, burn_in: 100 us, replicas: 64}
"""
ACROSS = "  r: {between: [v, h], model: wire, matrix: [[0.5, 0.2], [-0.6, 0.1], [0.3, 0.4]]}"


def chip(tmp_path, schedule, across=ACROSS):
    (tmp_path / "c.yaml").write_text(CHIP.replace("SCHEDULE", schedule).replace("ACROSS", across))
    return ts.load(tmp_path / "c.yaml")


def excess(summary, law="as drawn"):
    return max(one.excess for one in summary.target[0].distances if one.law == law)


def test_regions_that_do_not_couple_have_their_own_temperatures(tmp_path):
    """Arrays without a coupling are fabrics of their own; a factor makes them colder."""
    loaded = chip(tmp_path, "beta_factors: {h: 2.5}", "")
    hidden, visible = sorted(loaded.program.fabrics, key=lambda one: one.path)
    assert discipline(hidden).boltzmann
    np.testing.assert_allclose(hidden.drawn.weights, 2.5 * 0.9)
    np.testing.assert_allclose(hidden.drawn.biases, 2.5 * -0.3)
    np.testing.assert_allclose(np.sort(visible.drawn.weights), [-0.5, 0.4, 0.7])
    shares = occupation(runner(hidden, 1, 256, 1).advance(200, record=True)["h:states"][:, 20:], 2)
    pair = np.array([[0, 0.9], [0.9, 0]])
    assert agrees(shares, boltzmann(pair, [-0.3, -0.3], 0.8 * 2.5))
    assert not agrees(shares, boltzmann(pair, [-0.3, -0.3], 0.8 * 2.1))


def test_coupled_regions_have_no_boltzmann_law_and_it_is_said(tmp_path):
    loaded = chip(tmp_path, "beta_factors: {h: 0.4}")
    fabric = loaded.program.fabrics[0]
    assert "6 couplings join p-bits of different beta (h[0] x 0.4 and v[0] x 1 among them)" in discipline(fabric).reason
    assert any("beta_factors — " in note for note in loaded.program.notes)
    shares = occupation(runner(fabric, 1, 512, 1).advance(300, record=True)["h:states"][:, 50:], 5)
    built = exact.sweep_of(fabric).stationary(np.full(32, 1 / 32))
    assert agrees(shares, built)
    matrix = np.zeros((5, 5))
    matrix[tuple(fabric.drawn.edges.T)] = fabric.drawn.weights
    matrix, factors = matrix + matrix.T, np.array([0.4, 0.4, 1, 1, 1])
    for power in (0.0, 0.5):  # the law as drawn; and couplings across at the geometric mean of both factors
        mean = (factors[:, None] * factors) ** power if power else np.ones((5, 5))
        assert not agrees(shares, boltzmann(matrix * mean, fabric.drawn.biases * factors ** (2 * power), 0.8))


def test_a_region_of_another_beta_has_a_law_given_the_rest(tmp_path):
    clamp = "clamp: [{of: v, value: [1, -1, 1]}]"
    loaded = chip(tmp_path, f"beta_factors: {{h: 0.4}}, {clamp}")
    assert not any("beta_factors — " in note for note in loaded.program.notes)
    record = ts.simulate(loaded, seed=3)
    summary = ts.measure(record)
    assert excess(summary) < 5
    assert not summary.target[0].note
    record.program = chip(tmp_path, f"beta_factors: {{h: 0.5}}, {clamp}").program
    assert excess(ts.measure(record)) > 5, "another factor must show"


def test_single_p_bits_may_have_their_own(tmp_path):
    fabric = chip(tmp_path, 'beta_factors: {h: 0.4, "h[1]": 3}').program.fabrics[0]
    np.testing.assert_array_equal(fabric.factors, [0.4, 3, 1, 1, 1])
    np.testing.assert_array_equal(fabric.slope, [0.4, 3, 1, 1, 1])
    with pytest.raises(NetlistError, match=r"schedule\.beta_factors\.g: no p-bits 'g'; these exist: h, v"):
        chip(tmp_path, "beta_factors: {g: 0.4}")
