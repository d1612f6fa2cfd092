"""P-bits that answer with another curve than the logistic, and rates that are not a heat bath, by exact generators.

Tables: total variation to Boltzmann's law and effective beta of an AND gate and a full adder. The effective beta is by
pseudo-likelihood, as a summary shows it.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import erf
from small_fabrics import (
    ADDER,
    AND,
    FIVE,
    TICK,
    TILTS,
    agrees,
    boltzmann,
    fabric,
    occupation,
    spins,
    total_variation,
)

from thermosim.circuit import assemble, elaborate, lint
from thermosim.circuit.discipline import discipline, misfit
from thermosim.engine.fabric import FabricRunner
from thermosim.engine.free import FreeRunner
from thermosim.errors import NetlistError
from thermosim.ideal import disciplines
from thermosim.ideal.exact import sweep_of
from thermosim.measure.temperature import effective_temperature
from thermosim.models.cmos_rng import CmosRng
from thermosim.models.curves import CLIPPED, ERF, LOGISTIC, Curve
from thermosim.models.pbit import Barriers
from thermosim.netlist import load_text
from thermosim.record import Record

GATES = {("and", 0.5): AND, ("and", 1.0): AND, ("adder", 0.5): ADDER, ("adder", 1.0): ADDER}
RATES = {  # of a spin m with the input I = beta (J m + h), in units of 1 / tau
    "glauber": lambda m, i: (1 - m * np.tanh(i)) / 2,
    "arrhenius": lambda m, i: np.exp(-m * i),
    "twice": lambda m, i: np.exp(-2 * m * i),
    "half": lambda m, i: np.exp(-m * i / 2),
    "saturating": lambda m, i: np.minimum(np.exp(-m * i), 2),
    "erf": lambda m, i: (1 - m * erf(np.sqrt(np.pi) / 2 * i)) / 2,
    "clipped": lambda m, i: (1 - m * np.clip(i, -1, 1)) / 2,
}


def generator(gate, beta, rate):
    matrix, biases = gate
    s, n = spins(len(biases)), len(biases)
    i, states, out = beta * (s @ matrix + biases), np.arange(2**n), np.zeros((2**n, 2**n))
    for k in range(n):
        out[states, states ^ (1 << k)] = rate(s[:, k], i[:, k])
    return out - np.diag(out.sum(axis=1))


def law(matrix):
    """Stationary law of a generator, by reduction state after state: no cancellation (Grassmann, Taksar, Heyman)."""
    a = matrix - np.diag(np.diag(matrix))
    n = len(a)
    for k in range(n - 1, 0, -1):
        a[:k, k] /= a[k, :k].sum()
        a[:k, :k] += np.outer(a[:k, k], a[k, :k])
    p = np.ones(n)
    for k in range(1, n):
        p[k] = p[:k] @ a[:k, k]
    return p / p.sum()


def effective_beta(p, gate, beta):
    """Ratio of the beta of largest pseudo-likelihood to the declared one."""
    matrix, biases = gate
    s = spins(len(biases))
    pull = s * (s @ matrix + biases)
    return brentq(lambda b: p @ (pull * (1 - np.tanh(b * pull))).sum(axis=1), 1e-3, 30) / beta


GAPS = {
    ("and", 0.5): ((0.252, 2.962), (0.770, 34.9)),
    ("and", 1.0): ((0.040, 2.999), (0.296, 513)),
    ("adder", 0.5): ((0.276, 4.973), (0.695, 103.3)),
    ("adder", 1.0): ((0.116, 5.000), (0.284, 3575)),
}


@pytest.mark.parametrize(("gate", "beta"), GAPS)
def test_gap_and_fastest_exit(gate, beta):
    """Of the generators by hand, and of those that judge a chip: Glauber at tau, Arrhenius with k0 = 1 / tau."""
    matrix, biases = GATES[gate, beta]
    for name, expected, tau0 in zip(("glauber", "arrhenius"), GAPS[gate, beta], (1.0, 0.5), strict=True):
        by_hand = generator((matrix, biases), beta, RATES[name])
        chip = fabric(matrix, biases, beta=beta, order="free", tau0=tau0,
                      arrhenius=(True,) * len(biases) if name == "arrhenius" else ())  # fmt: skip
        np.testing.assert_allclose(disciplines.generator(chip), by_hand, rtol=1e-9, atol=1e-12)
        gap, fastest = np.sort(-np.linalg.eigvals(by_hand).real)[1], -np.diag(by_hand).min()
        assert gap == pytest.approx(expected[0], abs=6e-4)
        assert fastest == pytest.approx(expected[1], rel=2e-3)


WRONG = {  # total variation, effective beta: AND 0.5, AND 1, adder 0.5, adder 1
    "twice": ((0.079, 2), (0.013, 2), (0.207, 2), (0.161, 2)),
    "half": ((0.131, 0.5), (0.079, 0.5), (0.147, 0.5), (0.207, 0.5)),
    "saturating": ((0.033, 0.815), (0.035, 0.671), (0.018, 0.819), (0.056, 0.802)),
    "erf": ((0.0117, 1.077), (0.0090, 1.274), (0.0082, 1.073), (0.0213, 1.074)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rates(name):
    for (gate, beta), (distance, ratio) in zip(GAPS, WRONG[name], strict=True):
        matrix, biases = GATES[gate, beta]
        p = law(generator((matrix, biases), beta, RATES[name]))
        assert total_variation(p, boltzmann(matrix, biases, beta)) == pytest.approx(distance, abs=6e-4)
        assert effective_beta(p, (matrix, biases), beta) == pytest.approx(ratio, abs=6e-4)
        if ratio in (2, 0.5):
            np.testing.assert_allclose(p, boltzmann(matrix, biases, ratio * beta), rtol=1e-6, atol=1e-9)
        right = law(generator((matrix, biases), beta, RATES["glauber"]))
        assert total_variation(right, boltzmann(matrix, biases, beta)) < 1e-9


def test_a_clip_freezes():
    """After long from the uniform law: three of four chains have closed classes, so the start matters for ever."""
    found, frozen = [], []
    for gate, beta in GAPS:
        matrix, biases = GATES[gate, beta]
        rates = generator((matrix, biases), beta, RATES["clipped"])
        p = expm(1e5 * rates).mean(axis=0)
        found.append(total_variation(p, boltzmann(matrix, biases, beta)))
        frozen.append(int((np.abs(np.linalg.eigvals(rates)) < 1e-9).sum()))
    assert found == pytest.approx([0.107, 0.087, 0.030, 0.192], abs=6e-4)
    assert frozen == [2, 2, 1, 8]
    adder = law(generator(ADDER, 0.5, RATES["clipped"]))
    assert effective_beta(adder, ADDER, 0.5) == pytest.approx(1.211, abs=6e-4)


MEASURED = Curve("measured", ((-1.5, 0.02), (-0.5, 0.3), (0.8, 0.75), (2.0, 0.9)))


def curved(gate, beta, curves, **more):
    matrix, biases = gate
    n = len(biases)
    tau0 = more.get("tau0", TICK) * np.ones(n)
    one, zero = np.ones(n), np.zeros(n)
    each = tuple(np.resize(np.array(curves, dtype=object), n))
    return fabric(matrix, biases, beta=beta, barriers=Barriers(tau0, zero, zero, one, one, zero, each), **more)


def test_curves_have_one_slope_and_their_tails():
    a = np.array([-30.0, -5.0, -2.0, -1e-4, 0.0, 1e-4, 1.0, 2.0, 5.0])
    for curve, exact in (
        (LOGISTIC, 1 / (1 + np.exp(-a))), (ERF, (1 + erf(a * np.sqrt(np.pi) / 4)) / 2),
        (CLIPPED, np.clip(0.5 + a / 4, 0, 1)),
    ):  # fmt: skip
        np.testing.assert_allclose(curve.chance(a), exact, rtol=1e-12, atol=1e-15)
        slope = np.diff(curve.chance(np.array([-1e-4, 1e-4])))[0] / 2e-4
        assert slope == pytest.approx(0.25, rel=1e-6)
    assert 0 < ERF.chance(np.array([-10.0]))[0] < 1e-9
    np.testing.assert_allclose(MEASURED.chance(np.array([-9, -1.5, -1, 1.4, 9])), [0.02, 0.02, 0.16, 0.825, 0.9])


@pytest.mark.parametrize("curves", [(ERF,), (CLIPPED,), (MEASURED,), (ERF, LOGISTIC, CLIPPED, MEASURED)], ids=str)
def test_free_p_bits_relax_with_their_curves(curves):
    chip = curved((FIVE, TILTS), 1.0, curves, order="free", tau0=TICK * np.array([1.0, 0.3, 2.0, 0.7, 1.0]))
    s, states, exact = spins(5), np.arange(32), np.zeros((32, 32))
    a = 2 * (s @ FIVE + TILTS)
    for i in range(5):
        up = chip.barriers.curves[i].chance(a[:, i])
        exact[states, states ^ (1 << i)] = np.where(s[:, i] > 0, 1 - up, up) / chip.relaxation[i]
    exact -= np.diag(exact.sum(axis=1))
    np.testing.assert_allclose(disciplines.generator(chip), exact, rtol=1e-9, atol=1e-6)
    plain = disciplines.generator(replace(chip, barriers=None))
    part = FreeRunner(chip, 3, 20_000, up=True)
    assert part.method == "stream"
    seen = part.advance(3, record=True)["s:states"][:, :, None] == states
    after, other = (np.stack([expm(one * TICK * k)[-1] for k in (1, 2, 3)]) for one in (exact, plain))
    counts, size = seen.sum(axis=0), len(seen)
    assert np.all(np.abs(counts - size * after) < 5.5 * np.sqrt(size * after * (1 - after)) + 5)
    assert not np.all(np.abs(counts - size * other) < 5.5 * np.sqrt(size * other * (1 - other)) + 5), "logistic"


@pytest.mark.parametrize("curves", [(ERF,), (CLIPPED,), (MEASURED,), (ERF, LOGISTIC, MEASURED)], ids=str)
def test_clocked_p_bits_step_with_their_curves(curves):
    memory = np.exp(-1.0)
    chip = curved((FIVE, TILTS), 1.0, curves, memory=memory)
    other = replace(chip, barriers=None)
    runner = FabricRunner(chip, 3, 40_000, up=True)
    assert runner.kernel_names()[0].startswith("rates")
    runner.advance(2)
    counts = np.bincount((1 << np.arange(5)) @ (runner.spins() > 0), minlength=32)
    for which, holds in ((chip, True), (other, False)):
        p = np.eye(32)[-1]
        for _ in range(2):
            p = sweep_of(which).distribution(p)
        assert np.all(np.abs(counts - 40_000 * p) < 5.5 * np.sqrt(40_000 * p * (1 - p)) + 5) == holds


@pytest.mark.parametrize(("gate", "beta"), GAPS)
def test_the_temperature_that_a_summary_prints(gate, beta):
    """The effective beta of erf p-bits, sampled by the simulator and fitted as a summary fits it."""
    matrix, biases = GATES[gate, beta]
    chip = curved((matrix, biases), beta, (ERF,), order="free")
    part = FreeRunner(chip, 5, 256)
    part.advance(2000)
    states = part.advance(24_000, record=True, every=12)["s:states"]
    found = effective_temperature(Record({"s:states": states}, {}, {}, {}, {}, {}), chip)
    exact = dict(zip(GAPS, WRONG["erf"], strict=True))[gate, beta]
    assert abs(1 / found.ratio - exact[1]) < 5 * found.error / found.ratio**2 + 6e-4
    assert abs(1 / found.ratio - 1) > 5 * found.error / found.ratio**2, "logistic p-bits have 1"
    p = law(generator((matrix, biases), beta, RATES["erf"]))
    often = p > 1e-3  # rarer states were never seen in some replicas
    assert agrees(occupation(states, len(biases))[:, often], p[often])


def test_what_is_said_of_them():
    chip = curved(AND, 0.5, (ERF,), order="free")
    told = discipline(chip)
    assert not told.boltzmann
    assert "response: erf" in told.reason
    assert f"off by up to {misfit(chip).error:.2g}" in told.reason
    assert discipline(curved(AND, 0.5, (LOGISTIC,), order="free")).boltzmann
    assert discipline(curved((FIVE * 0, 0.02 * TILTS), 1.0, (ERF,))).boltzmann, "hardly driven"
    assert "infinite" in discipline(curved(AND, 0.5, (CLIPPED,))).reason
    a = 2 * 0.5 * 6.0  # node 2: |J| of 4 and |h| of 2
    worst = max(abs(np.log(ERF.chance(np.array(x)) / ERF.chance(-np.array(x))) - x) for x in (a, -a))
    assert misfit(chip).error == pytest.approx(worst, rel=1e-6)


NETLIST = (Path(__file__).parents[2] / "netlists" / "mtj_cells.yaml").read_text(encoding="utf-8")
CELL = "{card: mtj/telegraph_ns, barrier: 4, critical: 400 mV}"


def netlist(response, **replaced):
    text = NETLIST.replace(CELL, f"{{type: cmos_rng, tau0: 5 ns, v_s: 26 mV, response: {response}}}")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return load_text(text, "t.yaml")


def test_from_a_netlist():
    circuit = elaborate(netlist("{measured: [[-40 mV, 0.1], [0 V, 0.5], [52 mV, 1]]}"))
    program = assemble(circuit)
    curve = program.fabrics[0].barriers.curves[0]
    np.testing.assert_allclose(curve.points, [(-40 / 26, 0.1), (0, 0.5), (2, 1)])
    assert any("p-bits is not the sigmoid" in item.message for item in lint(circuit, program))
    assert any(note.startswith("response: measured") for note in program.notes)
    assert assemble(elaborate(netlist("logistic"))).fabrics[0].barriers is None


@pytest.mark.parametrize(("response", "message"), [
    ("tanh", "expected logistic, erf, clipped or {measured: [[volts, probability], ...]}, got 'tanh'"),
    ("{measured: [[0 V, 0.5]]}", "a measured response needs at least 2 points, got 1"),
    ("{measured: [[0 V, 0.5], [0 V, 0.6]]}", "rise from point to point; 0 V follows 0 V"),
    ("{measured: [[0 V, 0.5], [1 V, 0.4]]}", "never falls with the voltage; 0.4 at 1 V follows 0.5"),
    ("{measured: [[0 V, 0.5], [1 V, 0.5]]}", "rises somewhere; all points have probability 0.5"),
    ("{measured: [[0 V, 0.5], [1 V, 1.5]]}", "expected a probability from 0 to 1, got 1.5"),
    ("{measured: [[0 A, 0.5], [1 V, 1]]}", "0 A"),
    ("{measured: [0.5, [1 V, 1]]}", "expected points [volts, probability], got 0.5"),
])  # fmt: skip
def test_curves_that_are_none(response, message):
    with pytest.raises(NetlistError) as found:
        elaborate(netlist(response))
    assert message in str(found.value)
    assert "t.yaml:" in str(found.value)


def test_what_is_not_built_with_curves():
    with pytest.raises(ValueError, match="goes with rtn: const"):
        CmosRng(tau0="1 ns", v_s="26 mV", rtn="arrhenius", response="erf")
    for order in ("parallel", "random"):
        with pytest.raises(NetlistError, match=f"response: erf is not built for order {order}"):
            assemble(elaborate(netlist("erf", **{"order: coloured": f"order: {order}"})))
