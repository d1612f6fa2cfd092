"""Controllers from plans: their laws, their arithmetic, and what is refused."""

import sys
import types
from dataclasses import replace

import numpy as np
import pytest
from hand_made import law, plan, smode4
from scipy.linalg import solve_continuous_lyapunov

from thermosim.contracts import MLP, Arithmetic, Law, Mixture
from thermosim.demon import build
from thermosim.demon.evaluate import evaluate
from thermosim.errors import NetlistError

TWO = {"reads": {"y": ("y[0]", "y[1]")}, "writes": {"d": ("d[0]", "d[1]")}}


def refused(thing, message):
    with pytest.raises(NetlistError) as caught:
        build(thing)
    assert str(caught.value) == message


def test_proportional_feedback_pulls_towards_its_aim():
    asymmetric = [[1.0, 2.0], [0.0, 3.0]]
    controller = build(plan(**TWO, options={"gain": asymmetric, "aim": [0.1, 0.2]}))
    y = np.array([[0.4], [0.3]])
    writes, _ = controller.act({"y": y}, 0, None, None)
    np.testing.assert_allclose(writes["d"], np.array(asymmetric) @ (np.array([[0.1], [0.2]]) - y))
    assert controller.arithmetic.macs == 4
    single = build(plan(**TWO, options={"gain": 2}))
    np.testing.assert_allclose(single.law.linear, -2 * np.eye(2))


def unequal_plant(order, inputs):
    """A non-symmetric plant with unequal capacitors, and a plan that reads and drives it in another order."""
    conductance = np.array([[5.0, -2.0, 0.0], [-1.0, 6.0, -1.0], [0.0, -3.0, 4.0]]) * 1e-7
    noise = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 4.0]]) * 1e-21
    drives = np.diag([1e-7, 2e-7, 3e-7])[:, [2, 0, 1]]
    matrices = law(np.diag([1e-12, 2e-12, 3e-12]), conductance, noise, drives, current=[1e-9, 0.0, 2e-9])
    mean, sigma = np.array([[0.01, 0.02, 0.03]]), 0.04
    return plan(
        {"y": ("a", "b", "c")}, {"d": ("e", "f", "g")}, program="score", target=Mixture(mean, sigma, np.ones(1)),
        plant=matrices, plant_nodes=np.array(order), plant_inputs=np.array(inputs),
    )  # fmt: skip


@pytest.mark.parametrize(("order", "inputs"), [((0, 1, 2), (0, 1, 2)), ((2, 0, 1), (1, 2, 0))])
def test_the_score_law_gives_any_plant_the_law_of_its_target(order, inputs):
    demon = unequal_plant(order, inputs)
    law_, plant = build(demon).law, demon.plant
    # The closed loop is linear, since one Gaussian has a linear score: y = v[order], u[inputs] = writes.
    score = -np.eye(3) / 0.04**2
    read = np.eye(3)[list(order)]
    written = np.eye(3)[:, list(inputs)]
    slope = written @ (law_.gain @ score + law_.linear) @ read
    inverse = np.linalg.inv(plant.capacitance)
    drift = inverse @ (plant.conductance - plant.input_conductance @ slope)
    covariance = solve_continuous_lyapunov(drift, inverse @ plant.noise @ inverse)
    np.testing.assert_allclose(covariance, 0.04**2 * np.eye(3), rtol=1e-9, atol=1e-14)
    constant = written @ (law_.gain @ (demon.target.means[0] / 0.04**2) + law_.constant)
    mean = np.linalg.solve(drift, inverse @ (plant.input_conductance @ constant + plant.current))
    np.testing.assert_allclose(read @ mean, demon.target.means[0], rtol=1e-9)


def test_the_score_demon_of_smode4_is_the_published_law():
    # u = R_d C [D score(y) + A y], D = S_I / (4 C^2) with the one-sided S_I = 4e-21 A^2/Hz; Johnson noise adds 1e-6.
    demon = smode4().controllers[0]
    law_ = build(demon).law
    rd, c = 1e7, 1e-12
    np.testing.assert_allclose(law_.gain, rd * c * 4e-21 / (4 * c * c) * np.eye(4), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(law_.linear, rd * demon.plant.conductance, rtol=1e-12)
    assert build(demon).arithmetic.macs == 16 + 2 * 16


def test_a_score_demon_refuses_what_it_cannot_drive():
    good = unequal_plant((0, 1, 2), (0, 1, 2))
    start = "controllers.demon: a score demon "
    refused(
        replace(good, plant=None), start + "acts on one analog island that it both reads and drives; this one does not"
    )
    refused(
        replace(good, plant_nodes=np.array([0, 1, 1])),
        start + "reads every node of its island once; this one reads 3 channels of 3 nodes",
    )
    refused(
        replace(good, plant_inputs=np.array([0, 1])),
        start + "drives every input of its island; here another source drives one of them too",
    )
    blind = replace(good.plant, input_conductance=np.ones((3, 3)))
    refused(replace(good, plant=blind), start + "drives each of 3 nodes on its own; the 3 written channels cannot")
    capacitor = replace(good.plant, input_capacitance=np.ones((3, 3)))
    refused(
        replace(good, plant=capacitor),
        start + "drives through resistors; here a capacitor joins a written net to the island",
    )
    refused(
        replace(good, target=None),
        "controllers.demon.network: a score demon needs a target: a gaussian_mixture in the netlist, or a network file",
    )
    refused(
        replace(good, target=Mixture(np.zeros((1, 2)), 1.0, np.ones(1))),
        "controllers.demon.reads: the target is a law of 2 nets; the controller reads 3",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, ".gain: a proportional controller needs a gain: a number, or a matrix with a row for each write"),
        ({"gain": [[1.0, 2.0]]}, ".gain: a matrix of shape (1, 2); expected (2, 2): writes and reads"),
        ({"gain": "much"}, ".gain: 'much': expected numbers"),
        ({"gain": float("inf")}, ".gain: a value is not finite"),
        ({"gain": 1.0, "aim": [1.0, 2.0, 3.0]}, ".aim: 3 values; expected one, or one for each of 2 reads"),
        ({"gian": 1.0}, ".gian: unknown option 'gian'; a proportional controller has gain, aim"),
    ],
)
def test_options_of_a_proportional_controller_are_checked(options, message):
    refused(plan(**TWO, options=options), "controllers.demon" + message)


def test_an_unknown_program_is_refused():
    refused(plan(program="skore"), "controllers.demon.program: unknown program 'skore'; did you mean 'score'?")


def test_a_mixture_stays_finite_far_from_its_means():
    mixture = Mixture(np.array([[0.1, 0.0], [-0.1, 0.05]]), 0.01, np.array([0.25, 0.75]))
    near, far = np.array([[0.02], [0.01]]), np.array([[50.0], [0.0]])
    assert np.isfinite(evaluate(mixture, far)).all()

    def log_density(y):
        parts = zip(mixture.weights, mixture.means, strict=True)
        return np.log(sum(weight * np.exp(-((y - mean) ** 2).sum() / (2 * 0.01**2)) for weight, mean in parts))

    step = 1e-7
    numeric = [
        (log_density(near[:, 0] + step * e) - log_density(near[:, 0] - step * e)) / (2 * step) for e in np.eye(2)
    ]
    np.testing.assert_allclose(evaluate(mixture, near)[:, 0], numeric, rtol=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "relu", "silu", "softplus"])
def test_an_energy_network_gives_minus_its_gradient(activation):
    rng = np.random.default_rng(1)
    weights = (rng.normal(size=(7, 3)), rng.normal(size=(5, 7)), rng.normal(size=(1, 5)))
    biases = (rng.normal(size=7), rng.normal(size=5), rng.normal(size=1))
    energy = MLP(weights, biases, activation, "score", input_scale=0.5)
    force = MLP(weights, biases, activation, "energy", input_scale=0.5, output_scale=3.0)
    y, step = rng.normal(size=(3, 4)), 1e-6
    for k in range(3):
        shift = step * np.eye(3)[:, k : k + 1]
        slope = (evaluate(energy, y + shift) - evaluate(energy, y - shift))[0] / (2 * step)
        # The gradient is with respect to the scaled input.
        np.testing.assert_allclose(evaluate(force, y)[k], -3.0 * 0.5 * slope, rtol=1e-6, atol=1e-8)


def test_a_users_class_is_made_from_its_plan(monkeypatch):
    module = types.ModuleType("lab_demons")

    class Mine:
        law = None
        arithmetic = Arithmetic(1, 1)

        def __init__(self, plan, options):
            self.seen = (plan.path, options["alpha"])

        def initial_state(self, replicas): ...

        def act(self, reads, tick, state, rng): ...

    module.Mine, module.Half = Mine, type("Half", (), {"__init__": lambda self, plan, options: None})
    monkeypatch.setitem(sys.modules, "lab_demons", module)
    assert build(plan(program="lab_demons:Mine", options={"alpha": 3})).seen == ("demon", 3)
    start = "controllers.demon.program: "
    refused(plan(program="lab_demons:Mime"), start + "module 'lab_demons' has no 'Mime'; did you mean 'Mine'?")
    refused(
        plan(program="lab_demons:Half"),
        start + "lab_demons:Half has no arithmetic, law, initial_state, act; "
        "a controller has arithmetic, law, initial_state, act",
    )
    refused(
        plan(program="no_such_lab:X"),
        start + "cannot import 'no_such_lab': No module named 'no_such_lab'; "
        "it must be in the working directory or on Python's path",
    )


class Sound:
    """A controller of two reads and two writes."""

    law = None
    arithmetic = Arithmetic(1, 1)

    def __init__(self, plan, options): ...

    def initial_state(self, replicas): ...

    def act(self, reads, tick, state, rng): ...


def _raise(self, plan, options):
    raise OSError("no bench")


def _law(linear, constant, gain):
    return {"law": Law(None, np.zeros(gain), np.zeros(linear), np.zeros(constant))}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"__init__": lambda self: None}, "making lab:X(plan, options) raised TypeError: "),
        ({"__init__": _raise}, "making lab:X(plan, options) raised OSError: no bench"),
        ({"arithmetic": None}, "lab:X: arithmetic is None; expected a thermosim.contracts.Arithmetic"),
        ({"law": 3}, "lab:X: law is 3; expected a thermosim.contracts.Law, or None"),
        (_law((2, 3), 2, (2, 0)), "lab:X: law.linear has shape (2, 3); expected (2, 2)"),
        (_law((2, 2), 1, (2, 0)), "lab:X: law.constant has shape (1,); expected (2,)"),
        (_law((2, 2), 2, (1, 4)), "lab:X: law.gain has shape (1, 4); expected (2, outputs of the network)"),
    ],
)
def test_a_users_class_that_is_no_controller_is_refused(monkeypatch, changes, message):
    module = types.ModuleType("lab")
    module.X = type("X", (Sound,), changes)
    monkeypatch.setitem(sys.modules, "lab", module)
    with pytest.raises(NetlistError) as caught:
        build(plan(**TWO, program="lab:X"))
    assert str(caught.value).startswith(f"controllers.demon.program: {message}")


def test_a_users_module_that_fails_to_import_is_told_with_the_line(tmp_path, monkeypatch):
    (tmp_path / "broken_lab.py").write_text("x = 1\ny = x / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    refused(
        plan(program="broken_lab:X"),
        "controllers.demon.program: importing 'broken_lab' raised "
        "ZeroDivisionError: division by zero (broken_lab.py:2)",
    )
