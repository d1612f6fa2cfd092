"""Same seed, same bits for both shipped chips: alone or in company, beside a stranger, in another order, resumed."""

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import thermosim as ts
from thermosim import api
from thermosim.cli import app
from thermosim.record import load as load_record

NETLISTS = Path(__file__).parents[2] / "netlists"
SHORT = {
    "smode4": {"run.duration": "30 us", "run.burn_in": "5 us"},
    "pbit_grid": {"run.duration": "40 us", "run.burn_in": "10 us", "run.record.s": "every 5 sweeps"},
}
CHIPS = pytest.mark.parametrize("name", SHORT)


def contents(record, replicas=slice(None)):
    """Everything with a replica in it, by name."""
    found = {**record.series, **record.samples}
    return {name: values[replicas] for name, values in found.items()} | {
        name: counts[:, replicas] for name, counts in record.counters.items()
    }


def assert_same(a, b):
    assert a.keys() <= b.keys()
    for name, values in a.items():
        np.testing.assert_array_equal(values, b[name], name)


@CHIPS
def test_threads_and_company_change_no_bit(name):
    chip = ts.load(NETLISTS / f"{name}.yaml", set=SHORT[name])
    many = ts.simulate(chip, seed=71, replicas=64, threads=1)
    assert_same(contents(many), contents(ts.simulate(chip, seed=71, replicas=64, threads=2)))
    assert_same(contents(ts.simulate(chip, seed=71, replicas=1), slice(0, 1)), contents(many, slice(0, 1)))
    other = contents(ts.simulate(chip, seed=72, replicas=64))
    assert all(np.any(values != other[key]) for key, values in contents(many).items() if "." not in key)


def reordered(node, seed):
    """The same mapping with the entries of every level of names in another order."""
    if not isinstance(node, dict):
        return node
    keys = [list(node)[k] for k in np.random.default_rng(seed).permutation(len(node))]
    return {key: reordered(node[key], seed + 1) for key in keys}


@CHIPS
def test_a_stranger_and_another_order_change_no_bit(name, tmp_path):
    shutil.copytree(NETLISTS / "parts", tmp_path / "parts")
    plain = yaml.safe_load((NETLISTS / f"{name}.yaml").read_text())
    mixed = reordered(plain, 8)
    strangers = {
        "lone_c": {"type": "capacitor", "c": "1 pF", "pins": {"p": "lone", "n": 0}},
        "lone_r": {"type": "resistor", "r": "1 MOhm", "pins": {"p": "lone", "n": 0}},
    }
    mixed["instances"] = {**strangers, **mixed["instances"]}
    if name == "pbit_grid":  # bits of the fabric, too, beside another one
        strangers["aside"] = {"model": "rng", "shape": [3], "bias": 0.2}
        mixed["instances"]["aside"] = strangers["aside"]
    records = []
    for text in (plain, mixed):
        path = tmp_path / f"{len(records)}.yaml"
        path.write_text(yaml.safe_dump(text, sort_keys=False))
        records.append(contents(ts.simulate(ts.load(path, set=SHORT[name]), seed=73, replicas=8)))
    assert list(plain) != list(mixed)
    assert_same(*records)


@CHIPS
def test_a_run_that_ctrl_c_ends_is_resumed_to_the_same_bits_from_the_command_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["run", name, "--seed", "74", "--replicas", "8", "--set", "run.measure=[energy]"]
    for path, value in SHORT[name].items():
        arguments += ["--set", f"{path}={value}"]
    assert CliRunner().invoke(app, [*arguments, "--quiet", "--out", "whole"]).exit_code == 0
    simulate = api.simulate

    def interrupted(chip, **options):
        sent = []

        def progress(done):
            if done > 0.4 and not sent:
                sent.append(done)
                signal.raise_signal(signal.SIGINT)

        return simulate(chip, **{**options, "progress": progress})

    monkeypatch.setattr(api, "simulate", interrupted)
    assert CliRunner().invoke(app, [*arguments, "--quiet", "--out", "half"]).exit_code == 130
    monkeypatch.setattr(api, "simulate", simulate)
    whole, half = load_record("whole"), load_record("half")
    assert not half.meta["complete"]
    key = "x" if name == "smode4" else "s"
    assert 0 < half.samples[key].shape[1] < whole.samples[key].shape[1]

    assert CliRunner().invoke(app, [*arguments, "--quiet", "--resume", "half"]).exit_code == 0
    resumed = load_record("half")
    assert resumed.meta["complete"]
    assert contents(whole).keys() == contents(resumed).keys()
    assert_same(contents(whole), contents(resumed))
    assert_same(whole.sums, resumed.sums)
    assert_same(whole.times, resumed.times)
