"""The compiled kernel and the same lines in plain Python agree bit for bit; single updates follow their formula."""

import os
import subprocess
import sys
from hashlib import sha256

import numpy as np

from thermosim.kernels.fields import STEP, rows
from thermosim.kernels.gibbs import HALF, LANES, Plan, slots, start
from thermosim.streams import replica_keys

_NONE, _NOBODY = np.zeros(0, np.float32), np.zeros(0, np.int8)


def small_run():
    """Hash of all bits of a few slots of five unequal p-bits, held and free, with and without analog inputs."""
    random = np.random.default_rng(1)
    targets, sources = np.array([(i, j) for i in range(5) for j in range(5) if (i - j) % 2]).T
    coupled = rows(np.arange(5), targets, sources, 2 * random.integers(-999, 999, len(targets)))
    fresh = np.array([1.0, 0.5, 0.9, 1.0, 0.1], np.float32)
    order = np.arange(5, dtype=np.uint64)
    base = -np.add.reduceat(coupled.weight, coupled.first[:-1]).astype(np.int32) // 2
    scale, bias = random.normal(0, 0.003, 5).astype(np.float32), random.normal(0, 1, 5).astype(np.float32)
    plan = Plan(np.array([0, 2, 5]), order, *coupled, base, scale, bias, fresh)
    keys = replica_keys(3, "small", HALF)
    drive = random.normal(0, 30, 5 * LANES).astype(np.float32)
    state = np.empty(5 * LANES, np.int8)
    start(keys, plan.node, state)
    parts = [state.copy()]
    for hidden in (_NOBODY, state.copy()):
        for inputs in (_NONE, drive):
            slots(state, hidden, keys, 0, 4, plan, inputs)
            parts += [state.copy(), hidden.copy()]
    return sha256(np.concatenate(parts).astype(np.int8).tobytes()).hexdigest()


def test_compiled_equals_interpreted():
    code = "import sys; sys.path.insert(0, sys.argv[1]); from test_gibbs import small_run; print(small_run())"
    command = [sys.executable, "-W", "ignore", "-c", code, os.path.dirname(__file__)]
    plain = subprocess.run(
        command, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True
    )
    assert plain.stdout.strip() == small_run()


def flips(field, fresh, begin, slots_run=20_000):
    """Share of +1 of one p-bit that starts down before each of many slots."""
    plan = Plan(
        np.array([0, 1]), np.zeros(1, np.uint64), np.zeros(2, np.int64), np.zeros(0, np.uint32), np.zeros(0, np.int32),
        np.zeros(1, np.int32), np.ones(1, np.float32), np.array([field / np.log(2)], np.float32),
        np.array([fresh], np.float32),
    )  # fmt: skip
    keys, total = replica_keys(1, "flips", HALF), 0
    for slot in range(slots_run):
        state = np.full(LANES, -(begin > 0), np.int8)
        slots(state, _NOBODY, keys, slot, slot + 1, plan, _NONE)
        total += int((state != 0).sum())
    return total / (LANES * slots_run), LANES * slots_run


def test_one_update_has_its_probability_in_both_directions():
    for field, fresh, begin in ((6.0, 1.0, -1), (-6.0, 1.0, 1), (0.4, 0.3, -1), (-1.2, 0.7, 1), (0.0, 0.5, 1)):
        p = 1 / (1 + np.exp(-field))
        expected = fresh * p + (1 - fresh) * (begin > 0)
        share, draws = flips(field, fresh, begin)
        assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / draws)


def test_overwhelming_fields_always_win():
    assert flips(200.0, 1.0, -1, 500)[0] == 1.0
    assert flips(-200.0, 1.0, 1, 500)[0] == 0.0


def test_no_fresh_bit_holds_for_ever():
    assert flips(3.0, 0.0, -1, 500)[0] == 0.0


def test_rows_are_padded_and_follow_the_places():
    places = np.array([2, 0, 1])
    coupled = rows(places, np.array([0, 0, 1]), np.array([2, 1, 0]), np.array([2, 1, -4]))
    assert coupled.first.tolist() == [0, STEP, STEP, 2 * STEP]
    assert coupled.source.tolist() == [2, 0, 0, 0, 0, 1, 0, 0]
    assert coupled.weight.tolist() == [-4, 0, 0, 0, 1, 2, 0, 0]
