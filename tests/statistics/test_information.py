"""Information of a demon: the feedback Jarzynski equality, the innovations, and the periodic demon in closed form.

Units: kT, variance kT/C of the node and relaxation time are 1.
"""

import math

import numpy as np
import pytest

from thermosim.analysis.information import Knowledge, landauer
from thermosim.analysis.propagator import propagator

FAR = 5.0  # standard errors: p < 1e-6
ONE = np.eye(1)


def deviation(values, exact):
    return abs(values.mean() - exact) / values.std() * math.sqrt(values.size)


def one_cycle(believed=1.0, runs=1_000_000):
    """From equilibrium: read with variance 8, kick by K y, K = 1 / 9; `believed`: prior variance of the filter."""
    generator = np.random.default_rng(11)
    v = generator.standard_normal((1, runs))
    y = v + math.sqrt(8.0) * generator.standard_normal((1, runs))
    gained = Knowledge(np.zeros((1, runs)), believed * ONE, ONE, 8.0 * ONE).read(y, v)
    work = (((v - y / 9) ** 2 - v**2) / 2)[0]
    return work, gained.information, gained.innovations[0]


def test_feedback_jarzynski_at_the_point_where_all_is_known():
    work, information, innovations = one_cycle()
    average = np.exp(-work - information)
    assert abs(average.mean() - 1) < 4e-4
    assert deviation(average, 1.0) < FAR
    assert deviation(np.exp(-work), 9 / 8) < FAR
    assert deviation(information, 0.5 * math.log(9 / 8)) < FAR
    assert deviation(innovations**2, 1.0) < FAR
    assert deviation(np.exp(-work), 1.0) > FAR  # without the information the equality fails
    assert -work.mean() <= information.mean() + FAR * information.std() / 1e3


def test_a_wrong_predictive_density_hides_from_the_average_and_not_from_the_rest():
    work, information, innovations = one_cycle(believed=2.0)  # predicts 10 where 9 is right
    assert deviation(np.exp(-work - information), 1.0) < FAR
    assert deviation(information, 0.5 * math.log(9 / 8)) > FAR
    assert deviation(innovations**2, 1.0) > FAR


def periodic(noise, step, cycles, runs, seed=3, forget=False):
    """Read, kick by the estimate, relax; `forget`: a filter that does not know of its own kicks."""
    generator = np.random.default_rng(seed)
    move = propagator(ONE, ONE, 2 * ONE, np.zeros((1, 0)), np.zeros(1), step)
    v = generator.standard_normal((1, runs))
    knowledge = Knowledge(np.zeros((1, runs)), ONE, ONE, noise * ONE)
    work, information, innovations = np.zeros((cycles, runs)), np.zeros((cycles, runs)), []
    for k in range(cycles):
        y = v + math.sqrt(noise) * generator.standard_normal((1, runs))
        gained = knowledge.read(y, v)
        information[k] = gained.information
        innovations.append(gained.innovations[0])
        kicked = v - knowledge.mean
        work[k] = ((kicked**2 - v**2) / 2)[0]
        v = kicked
        if not forget:
            knowledge.shift(-knowledge.mean)
        v = move.decay @ v + move.factor @ generator.standard_normal((1, runs))
        knowledge.pass_by(move, np.zeros((0, runs)))
    return work, information, np.array(innovations)


def test_a_periodic_demon_extracts_half_of_the_variance_that_it_knows():
    noise, step, cycles, runs = 1.0, 0.5, 12, 100_000
    decay2 = math.exp(-2 * step)
    before = 1.0
    for _ in range(200):
        after = before * noise / (before + noise)
        before = decay2 * after + 1 - decay2
    work, information, innovations = periodic(noise, step, cycles, runs)
    assert deviation(-work[-1], (before - after) / 2) < FAR
    assert deviation(information[-1], 0.5 * math.log(1 + before / noise)) < FAR
    assert deviation(innovations**2, 1.0) < FAR
    assert deviation(innovations[1:] * innovations[:-1], 0.0) < FAR
    work, information, innovations = periodic(noise, step, cycles, runs, forget=True)
    assert deviation(innovations**2, 1.0) > FAR


def test_feedback_jarzynski_over_several_cycles_with_memory():
    work, information, _ = periodic(8.0, 0.7, 3, 400_000)
    weight = np.exp(-work.sum(axis=0) - information.sum(axis=0))
    assert deviation(weight, 1.0) < FAR
    assert deviation(np.exp(-work.sum(axis=0)), 1.0) > FAR
    assert -work.mean() < information.mean()  # second law with information


def test_the_floor_of_landauer():
    assert landauer(1, 300.0) == pytest.approx(2.871e-21, rel=1e-3)


def late(noise, step, delay, cycles, runs, seed=5, blind=False):
    """Kicks by the estimate that was made `delay` cycles ago; `blind`: a filter told of kicks when they are decided."""
    generator = np.random.default_rng(seed)
    move = propagator(ONE, ONE, 2 * ONE, np.zeros((1, 0)), np.zeros(1), step)
    v = generator.standard_normal((1, runs))
    knowledge = Knowledge(np.zeros((1, runs)), ONE, ONE, noise * ONE)
    work, information, squares = np.zeros(runs), np.zeros(runs), np.zeros((cycles, runs))
    under_way = [np.zeros((1, runs))] * delay
    for k in range(cycles):
        gained = knowledge.read(v + math.sqrt(noise) * generator.standard_normal((1, runs)), v)
        information += gained.information
        squares[k] = gained.innovations[0] ** 2
        under_way.append(-0.5 * knowledge.mean)
        kick = under_way.pop(0)
        work += ((v + kick) ** 2 - v**2)[0] / 2
        v = v + kick
        knowledge.shift(under_way[-1] if blind and under_way else kick)
        v = move.decay @ v + move.factor @ generator.standard_normal((1, runs))
        knowledge.pass_by(move, np.zeros((0, runs)))
    return work, information, squares


def test_feedback_jarzynski_with_kicks_that_come_late():
    work, information, squares = late(8.0, 0.4, 2, 4, 400_000)
    weight = np.exp(-work - information)
    assert deviation(weight, 1.0) < FAR
    assert deviation(np.exp(-work), 1.0) > FAR
    assert deviation(np.exp(-work - 0.9 * information), 1.0) > FAR  # a tenth of the information lost
    assert deviation(squares, 1.0) < FAR
    _, _, squares = late(2.0, 0.4, 2, 4, 400_000, blind=True)
    assert deviation(squares, 1.0) > FAR
