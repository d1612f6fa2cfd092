"""P-bits from their netlists against enumerated laws, at the score that independent draws would have.

The 4 x 4 torus has this one pattern of signs: the floor of the total variation depends on it (0.037 to 0.14 at 1e5
draws among patterns; a ferromagnet has the lowest). This pattern's are 0.110, 0.038 and 0.012 at 1e5, 1e6 and 1e7.
"""

import numpy as np
import pytest
from scipy.special import stdtrit

import thermosim as ts
from thermosim.analysis.distance import coincidence_times, total_variation, total_variation_floor
from thermosim.engine.fabric import FabricRunner

CHIP = """\
thermosim: 1
name: p_bits
models:
  rng: {{type: cmos_rng, tau0: 100 ns, v_s: 26 mV}}
  wire: {{type: synapse}}
instances:
  s: {{model: rng, shape: [{count}], bias: {bias}}}
  osc: {{type: clock, frequency: {frequency}, pins: {{out: ck}}}}
{couplings}updates: {{order: coloured, clock: ck, rng: {rng}}}
run: {{duration: {sweeps} sweeps, burn_in: 100 sweeps, replicas: 64, measure: [mixing, target]}}
"""
SIGNS = "----+-++++++-+++--+-+++--+-+-+-+"  # 16 edges (x, y) - (x+1, y) in row-major order, then 16 (x, y) - (x, y+1)


def loaded(tmp_path, count, bias=0.0, matrix=None, rng="held", frequency="2 MHz", sweeps=5000):
    couplings = "" if matrix is None else f"couplings: {{j: {{between: [s, s], model: wire, matrix: {matrix}}}}}\n"
    path = tmp_path / "p_bits.yaml"
    path.write_text(
        CHIP.format(count=count, bias=bias, couplings=couplings, rng=rng, frequency=frequency, sweeps=sweeps)
    )
    return ts.load(path)


def torus():
    """The coupling matrix of the pattern, as nested lists."""
    matrix, sites = np.zeros((16, 16)), np.arange(16).reshape(4, 4)
    edges = [edge for axis in (0, 1) for edge in zip(sites.ravel(), np.roll(sites, -1, axis).ravel(), strict=True)]
    for (i, j), sign in zip(edges, SIGNS, strict=True):
        matrix[i, j] = matrix[j, i] = 0.5 if sign == "+" else -0.5
    return matrix.tolist()


def spins(n):
    return 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1


def boltzmann(matrix, biases, beta=1.0):
    """Enumerated law of E = -(sum J s s + sum h s), written out here once more."""
    s = spins(len(matrix))
    energy = -(0.5 * np.einsum("ki,ij,kj->k", s, np.array(matrix), s) + s @ np.broadcast_to(biases, len(matrix)))
    weight = np.exp(-beta * energy)
    return weight / weight.sum()


def agrees(values, exact):
    values = np.asarray(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return bool(np.all(np.abs(values.mean(axis=0) - exact) < stdtrit(len(values) - 1, 1 - 5e-7) * error))


def frequencies(states, n):
    return np.bincount(states.ravel(), minlength=2**n) / states.size


def test_an_isolated_p_bit_of_bias_0_1_is_up_with_0_5498(tmp_path):
    up = (1 + ts.simulate(loaded(tmp_path, 1, bias=0.1), seed=51).series["s:mean(s)"].mean(axis=1)) / 2
    assert agrees(up, 0.549834)
    assert not agrees(up, 0.524979), "the factor 2 in P = sigmoid(2 I)"


def test_a_pair_with_coupling_0_5_is_equal_with_0_7311(tmp_path):
    states = ts.simulate(loaded(tmp_path, 2, matrix=[[0, 0.5], [0.5, 0]]), seed=52).series["s:states"]
    equal = np.isin(states, (0, 3)).mean(axis=1)
    assert agrees(equal, 0.731059)
    assert not agrees(equal, 0.880797), "the edge counted twice"
    assert not agrees(equal, 0.622459), "the edge counted half"


@pytest.fixture(scope="module")
def thinned(tmp_path_factory):
    """States (replica, draw) of the torus, 30 sweeps apart: 1,000,000 of them that are as good as independent."""
    fabric = loaded(tmp_path_factory.mktemp("torus"), 16, matrix=torus()).program.fabrics[0]
    runner = FabricRunner(fabric, 53, 64)
    runner.advance(300)
    return runner.advance(15_625 * 30, record=True, every=30)["s:states"]


def test_this_pattern_has_the_floors_0_110_and_0_038_and_0_012():
    p = boltzmann(torus(), 0.0)
    assert [round(total_variation_floor(p, 10**k)[0], 3) for k in (5, 6, 7)] == [0.110, 0.038, 0.012]
    ferromagnet = boltzmann(np.abs(torus()).tolist(), 0.0)
    assert round(total_variation_floor(ferromagnet, 10**5)[0], 3) == 0.037


@pytest.mark.parametrize("draws", [100_000, 1_000_000])
def test_the_torus_reaches_the_sampling_floor(thinned, draws):
    exact = boltzmann(torus(), 0.0)
    frequency = frequencies(thinned.ravel()[:draws], 16)
    tau = coincidence_times(thinned, frequencies(thinned, 16), np.zeros(2**16, dtype=np.int64))[0]
    assert abs(tau - 1) < 0.02  # independent: else the floor is no floor
    floor, spread = total_variation_floor(exact, draws)
    assert abs(total_variation(frequency, exact) - floor) < 5 * spread
    hotter = boltzmann(torus(), 0.0, beta=0.97)
    assert total_variation(frequency, hotter) - total_variation_floor(hotter, draws)[0] > 5 * spread, "3 % hotter"


def test_the_torus_has_the_inverse_temperature_that_was_asked_for(thinned):
    """The largest pseudo-likelihood prod_i P(s_i | rest), replica by replica, to half a percent."""
    s = spins(16)
    pull = 2 * s * (s @ np.array(torus()))
    fitted = []
    for row in thinned:
        weight, beta = np.bincount(row, minlength=2**16).astype(float), 1.0
        used = np.flatnonzero(weight)
        a, w = pull[used], weight[used, None]
        for _ in range(6):
            against = 1 / (1 + np.exp(beta * a))
            beta += (w * a * against).sum() / (w * a**2 * against * (1 - against)).sum()
        fitted.append(beta)
    assert 5 * np.std(fitted, ddof=1) / 8 < 0.005
    assert abs(np.mean(fitted) - 1) < 0.005
    assert agrees(fitted, 1.0)
    assert not agrees(fitted, 1.005)


def test_the_summary_of_a_torus_is_at_or_below_the_floor_and_sees_5_percent(tmp_path):
    chip = loaded(tmp_path, 16, matrix=torus(), sweeps=3000)
    right = next(one for one in ts.measure(ts.simulate(chip, seed=54)).target[0].distances if one.quantity == "TV")
    assert right.excess < 5
    hot = ts.load(tmp_path / "p_bits.yaml", set={"updates.beta": 0.9})
    record = ts.simulate(hot, seed=54)
    record.program = chip.program  # what ran at another temperature, held against the law that was wanted
    wrong = next(one for one in ts.measure(record).target[0].distances if one.quantity == "TV")
    assert wrong.excess > 5


def test_an_isolated_p_bit_read_every_tau0_has_rho_e_to_the_minus_k_and_tau_2_164(tmp_path):
    record = ts.simulate(loaded(tmp_path, 1, bias=0.1, frequency="10 MHz", sweeps=8000), seed=55)
    centred = record.series["s:mean(s)"] - np.tanh(0.1)
    lags = np.arange(1, 9)
    rho = np.array([(centred[:, :-k] * centred[:, k:]).mean(axis=1) for k in lags]).T / (1 - np.tanh(0.1) ** 2)
    assert agrees(rho, np.exp(-lags))
    assert not agrees(rho, np.exp(-1.05 * lags))
    found = ts.measure(record).mixing[0]
    assert found.verdict == "ok"
    mean = found.of("mean(s)")
    assert abs(mean.tau - 2.163953) < 5 * mean.tau_error
    assert abs(mean.tau - 0.9 * 2.163953) > 5 * mean.tau_error
    assert found.exact["slowest mode of the sweep"] == pytest.approx(100e-9, rel=1e-9)


def cube():
    """The +-0.7 cube with a bias of 0.2 on which free-running RNGs have the published distances."""
    signs = (1, -1, 1, 1, -1, -1, -1, 1, 1, -1, 1, -1)
    pairs = [(i, j) for i in range(8) for j in range(i + 1, 8) if (i ^ j) in (1, 2, 4)]
    matrix = np.zeros((8, 8))
    for (i, j), sign in zip(pairs, signs, strict=True):
        matrix[i, j] = matrix[j, i] = 0.7 * sign
    return matrix.tolist()


@pytest.mark.parametrize(("frequency", "published"), [("10 MHz", 0.086), ("20 MHz", 0.087)])
def test_free_rngs_are_not_boltzmann_and_held_ones_are(tmp_path, frequency, published):
    found = {}
    for rng in ("free", "held"):
        chip = loaded(tmp_path, 8, bias=0.2, matrix=cube(), rng=rng, frequency=frequency, sweeps=8000)
        summary = ts.measure(ts.simulate(chip, seed=56))
        found[rng] = next(one for one in summary.target[0].distances if one.quantity == "TV")
        says = "not Boltzmann" in summary.target[0].note
        assert says == (rng == "free")
        assert any("oltzmann" in lint.message for lint in chip.lints) == (rng == "free")
    assert found["held"].excess < 5
    assert found["free"].excess > 5
    assert abs(found["free"].value - published) < 5 * found["free"].error + 0.0005  # published to three decimals
    assert found["free"].value > 0.03 + 5 * found["free"].error, "the distance at a memory of 0.905"
