"""Directed p-bits: a family's relatedness, the serial pair, and a die whose mismatch has a direction.

Persons are s = +-1; a child of parents m and f has <c | m, f> = t (m + f) / 2, t = tanh(2 w): so parent and child
correlate by t/2, siblings by t^2/2, aunt and niece by t^3/4, cousins by t^4/8. Faria et al. 2021.
"""

import numpy as np
import pytest
from small_fabrics import FAR, agrees, occupation, spins, total_variation
from small_laws import fabric as made

import thermosim as ts
from thermosim.engine.orders import runner
from thermosim.ideal import disciplines, exact

T = np.tanh(4.0)


@pytest.fixture(scope="module")
def family():
    return ts.load("relatedness")


def test_the_law_of_a_family_is_the_product_of_its_conditionals(family):
    """Correlations in closed form; the network backwards has others."""
    law = family.program.fabrics[0].drawn
    p, s = exact.probabilities(law), spins(9)
    together = (s * p[:, None]).T @ s
    assert abs(p.sum() - 1) < 1e-12
    for (i, j), value in {
        (0, 1): 0, (0, 2): T / 2, (6, 7): T**2 / 2, (2, 3): T**2 / 2, (3, 6): T**3 / 4, (6, 8): T**4 / 8, (4, 8): 0,
        (0, 6): T**2 / 4,
    }.items():  # fmt: skip
        assert abs(together[i, j] - value) < 1e-12, (i, j)
    assert abs(together[6, 7] - 0.5) < 1e-3
    assert abs(together[3, 6] - 0.25) < 1e-3


def test_p_bits_of_a_family_are_related_so(family):
    record = ts.simulate(family, seed=4)
    bits = (record.series["s:states"][:, :, None] >> np.arange(9)) & 1
    s = 2.0 * bits - 1
    fabric = family.program.fabrics[0]
    p = exact.sweep_of(fabric).stationary(exact.probabilities(fabric.drawn))
    states = spins(9)
    for (i, j), ideal in {(6, 7): 0.5, (3, 6): 0.25, (6, 8): 0.125, (0, 2): 0.5}.items():
        seen = (s[:, :, i] * s[:, :, j]).mean(axis=1)
        assert agrees(seen, p @ (states[:, i] * states[:, j]))
        assert abs(seen.mean() - ideal) < 0.01
        assert not agrees(seen, 1.1 * ideal), "relatedness 10 % higher"
    summary = ts.measure(record)
    (target,) = summary.target
    assert target.law == "as drawn"
    assert "Bayesian network" in target.note
    built = next(one for one in target.distances if one.quantity == "TV" and one.law == "as built")
    assert built.value < built.floor + FAR * built.floor_spread
    assert not any(one.name == "energy" for one in summary.mixing[0].observables)
    assert not summary.temperature
    assert not summary.ideal


def test_children_before_their_parents_lose_them():
    """Latched in the wrong order a child answers to the last sweep's parent: here no correlation is left."""
    law = "g: {from: s, to: s, model: wire, matrix: [[0, 1.5], [0, 0]]}"
    one = made(2, law)
    assert one.colour.tolist() == [0, 1]
    wrong = type(one)(**{**vars(one), "colour": one.colour[::-1].copy()})
    seen = {}
    for name, chip in (("right", one), ("wrong", wrong)):
        states = runner(chip, 3, 64, 1).advance(2000, record=True)["s:states"]
        s = 2.0 * ((states[..., None] >> np.arange(2)) & 1) - 1
        seen[name] = (s[..., 0] * s[..., 1]).mean(axis=1)
    assert agrees(seen["right"], np.tanh(1.5))
    assert agrees(seen["wrong"], 0.0)


@pytest.mark.parametrize(("there", "back"), [(0.8, 0.8), (0.9, -0.4), (1.2, 0.3)])
def test_a_serial_pair_has_the_product_of_both_tanh_as_eigenvalue(there, back):
    """Closed form of the sweep: tanh(I0 J12) tanh(I0 J21)."""
    chip = made(
        2, f"g: {{from: s, to: s, model: wire, matrix: [[0, {there}], [{back}, 0]]}}", "clock: ck, beta: 0.7",
        tau0="1 ns",
    )  # fmt: skip
    value = exact.sweep_of(chip).second_eigenvalue()
    assert abs(value - np.tanh(0.7 * there) * np.tanh(0.7 * back)) < 1e-9
    if there != back:
        assert abs(value - np.tanh(0.7 * there) ** 2) > 0.01, "symmetric"


SPREAD = "variation: {mismatch: {g.weight: {sigma: 60 %}}}"
PAIR = "g: {from: s, to: s, model: wire, lattice: {name: chain}, weight: 0.9}"


def test_mismatch_by_direction_breaks_the_boltzmann_law():
    """The die runs its exact stationary law, which is not that of the mean coupling, nor that of either direction."""
    chip = made(2, PAIR, bias='"{0.4 - 0.6 * i}"', more=SPREAD)
    states = runner(chip, 8, 96, 1).advance(4000, record=True)["s:states"]
    share = occupation(states, 2)
    law = exact.sweep_of(chip).stationary(np.full(4, 0.25))
    assert agrees(share, law)
    forth, back = chip.actual.weights[0], chip.actual.back[0]
    assert abs(forth - back) > 0.2
    for weight in (forth, back, (forth + back) / 2):
        s = spins(2)
        boltzmann = np.exp(weight * s[:, 0] * s[:, 1] + s @ chip.actual.biases)
        assert not agrees(share, boltzmann / boltzmann.sum())


@pytest.mark.parametrize("updates", ["order: random", "order: parallel", "order: subset, chance: 0.4", "order: free"])
def test_every_order_feels_the_directions(updates):
    """Against the exact chains of these orders, whose fields the transposed couplings would turn into others."""
    net = "g: {from: s, to: s, model: wire, matrix: [[0, 1.1, 0], [-0.6, 0, 0.2], [0.8, 0, 0]]}"
    clock = "" if "free" in updates else "clock: ck, "
    span = {"duration": "10 us"} if "free" in updates else {}
    chip = made(3, net, f"{clock}{updates}", bias='"{0.3 - 0.2 * i}"', **span)
    states = runner(chip, 5, 96, 1)
    states.advance(30)
    share = occupation(states.advance(3000, record=True)["s:states"], 3)
    assert agrees(share, disciplines.stationary(chip))
    law = chip.actual
    turned = type(law)(law.edges, law.back, law.biases, law.beta, law.weights)
    assert not agrees(share, disciplines.stationary(type(chip)(**{**vars(chip), "actual": turned})))


def test_directed_few_bit_weights_give_the_bits_of_other_kernels(monkeypatch):
    """Kernels for one chain, for few bits and for dense graphs read each direction of a coupling by itself."""
    random = np.random.default_rng(2)
    matrix = random.integers(-3, 4, (12, 12)) * 0.1
    np.fill_diagonal(matrix, 0)
    rows = [[round(float(w), 1) for w in row] for row in matrix]
    chip = made(12, f"g: {{from: s, to: s, model: wire, matrix: {rows}}}")
    seen = []
    for name in ("lanes", "few", "chain", "dense"):
        monkeypatch.setattr("thermosim.engine.fabric.kernels", lambda _, r, name=name: (name,) * -(-r // 32))
        seen.append(runner(chip, 1, 32, 1).advance(40, record=True, nodes=np.arange(12))["spins"])
    for other in seen[1:]:
        np.testing.assert_array_equal(other, seen[0])


def test_total_variation_of_the_wrong_order_is_seen_by_the_summary():
    """A family read in random order is not what its conditionals say; the exact chain knows by how much."""
    chip = made(
        2, "g: {from: s, to: s, model: wire, matrix: [[0, 1.5], [0, 0]]}", "clock: ck, order: random", tau0="1 ns"
    )
    assert total_variation(disciplines.stationary(chip), exact.probabilities(chip.drawn)) > 0.1
