"""Mixing of islands and fabrics against their exact times."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from thermosim.contracts import Mixture
from thermosim.ideal.exact import energies, probabilities, sweep_of
from thermosim.measure.mixing import fabric_mixing, island_mixing, island_samples, projection_directions


def test_modes_of_four_coupled_nodes(made: SimpleNamespace) -> None:
    record = made.linear(4, 16, 4000, 1e-6, seed=1)
    samples = island_samples(record, record.program, record.program.islands[0])
    assert samples is not None
    part = island_mixing(samples, record.program)
    assert part.verdict == "ok"
    assert part.interval == pytest.approx(1e-6)
    np.testing.assert_allclose([1e6 * time for time in part.exact.values()], [5.00, 4.36, 3.33, 2.70], atol=0.005)
    for k, time in enumerate(part.exact.values()):
        mode, square = part.of(f"mode[{k}]"), part.of(f"mode[{k}]^2")
        assert abs(mode.tau - 1 / math.tanh(1e-6 / time / 2)) < 5 * mode.tau_error
        assert abs(square.tau - 1 / math.tanh(1e-6 / time)) < 5 * square.tau_error
    slow = part.of("mode[0]")
    assert abs(slow.tau - 1 / math.tanh(1e-6 / part.exact["mode[3] of the network alone"] / 2)) > 5 * slow.tau_error
    assert part.tau == max(one.tau for one in part.observables)
    assert part.ess == pytest.approx(16 * 4000 / part.tau)
    assert sum(one.name.startswith("projection") for one in part.observables) == 32


def test_fixed_projections_do_not_depend_on_the_run() -> None:
    np.testing.assert_array_equal(projection_directions("x", 5), projection_directions("x", 5))
    assert not np.array_equal(projection_directions("x", 5), projection_directions("y", 5))
    np.testing.assert_allclose(np.linalg.norm(projection_directions("x", 5), axis=1), 1)
    assert projection_directions("x", 1).shape == (0, 1)


def test_one_node_is_its_own_mode(made: SimpleNamespace) -> None:
    record = made.linear(1, 8, 4000, 2.5e-6, seed=2)
    samples = island_samples(record, record.program, record.program.islands[0])
    assert samples is not None
    part = island_mixing(samples, record.program)
    assert [one.name for one in part.observables] == ["mean", "mode[0]", "mode[0]^2"]
    assert abs(part.tau - 4.083) < 5 * part.tau_error


def test_modes_need_every_node(made: SimpleNamespace) -> None:
    record = made.linear(3, 4, 500, 1e-6, seed=3)
    probe = replace(record.program.probes[0], nets=("x[0]", "x[2]"))
    record.samples["x"] = record.samples["x"][:, :, [0, 2]]
    record.program = replace(record.program, probes=(probe,))
    samples = island_samples(record, record.program, record.program.islands[0])
    assert samples is not None
    assert samples.nodes == ("x[0]", "x[2]")
    part = island_mixing(samples, record.program)
    assert not part.exact
    assert not any(one.name.startswith("mode") for one in part.observables)


def test_nothing_recorded_is_nothing_measured(made: SimpleNamespace) -> None:
    record = made.linear(2, 4, 100, 1e-6, seed=3)
    record.samples.clear()
    assert island_samples(record, record.program, record.program.islands[0]) is None


def test_responsibility_of_a_mixture(made: SimpleNamespace) -> None:
    record = made.linear(2, 8, 1000, 1e-6, seed=4)
    mixture = Mixture(np.array([[0.05, 0.05], [-0.05, -0.05]]), 0.05, np.array([0.5, 0.5]))
    record.program = replace(record.program, target=mixture, target_nets=("x[1]", "x[0]"))
    samples = island_samples(record, record.program, record.program.islands[0])
    assert samples is not None
    assert island_mixing(samples, record.program).of("responsibility").tau > 1


def test_small_fabric_and_its_exact_times(made: SimpleNamespace) -> None:
    record = made.fabric(16, 4000, seed=5, memory=0.3)
    fabric = record.program.fabrics[0]
    part = fabric_mixing(record, fabric)
    assert part is not None
    assert part.interval == pytest.approx(1e-6)
    assert "states" not in [one.name for one in part.observables]
    operator = sweep_of(fabric)
    assert part.exact["slowest mode of the sweep"] == pytest.approx(operator.relaxation() * 1e-6)
    energy = part.of("energy")
    exact = operator.integrated_time(probabilities(fabric.drawn), energies(fabric.drawn))
    assert abs(energy.tau - exact) < 5 * energy.tau_error
    free = replace(fabric, memory=np.zeros(4))
    other = sweep_of(free).integrated_time(probabilities(fabric.drawn), energies(fabric.drawn))
    assert abs(energy.tau - other) > 5 * energy.tau_error
