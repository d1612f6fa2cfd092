"""Ctrl-C sent from outside to the installed program, and the resumed run against one that was never stopped."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from thermosim.record import load

pytestmark = pytest.mark.validation

NETLISTS = Path(__file__).parents[2] / "netlists"
RUNS = {"smode4": ["--set", "run.duration=10 ms"], "pbit_grid": ["--set", "run.duration=6000 sweeps"]}


def command(name, out, *more):
    netlist = str(NETLISTS / f"{name}.yaml")
    measure = ["--set", "run.measure=[energy]"]
    program = [sys.executable, "-m", "thermosim", "run", netlist, *RUNS[name], *measure]
    return [*program, "--quiet", "--threads", "1", *more, out]


@pytest.mark.parametrize("name", RUNS)
def test_a_process_ended_by_ctrl_c_is_resumed_to_the_same_bits(name, tmp_path):
    began = time.perf_counter()
    assert subprocess.run(command(name, tmp_path / "whole", "--out"), check=False).returncode == 0
    early, late = 0.0, time.perf_counter() - began
    whole = load(tmp_path / "whole")
    for attempt in range(
        10
    ):  # the moment is found by bisection: how long start-up and run take is not known beforehand
        place = tmp_path / f"half{attempt}"
        process = subprocess.Popen(command(name, place, "--out"), stderr=subprocess.PIPE)
        time.sleep((early + late) / 2)
        process.send_signal(signal.SIGINT)
        process.communicate()
        if not (place / "record.json").exists():
            early = (early + late) / 2
        elif load(place).meta["complete"]:
            late = (early + late) / 2
        else:
            assert process.returncode == 130
            break
    half = load(place)
    assert not half.meta["complete"]
    done = subprocess.run(command(name, place, "--resume"), check=False)
    assert done.returncode == 0
    resumed = load(place)
    assert resumed.meta["complete"]
    for kind in ("series", "samples", "times", "sums", "counters"):
        expected, found = getattr(whole, kind), getattr(resumed, kind)
        assert expected.keys() == found.keys()
        for key, values in expected.items():
            np.testing.assert_array_equal(values, found[key], f"{kind} {key}")
    recorded = "x" if name == "smode4" else "s:energy"
    before, after = ({**one.series, **one.samples}[recorded].shape[1] for one in (half, whole))
    assert 0 < before < after
