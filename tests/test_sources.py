"""A record is never held against files other than those that it was made from."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import thermosim as ts
from thermosim.cli import app
from thermosim.engine.simulator import run
from thermosim.errors import ThermosimError
from thermosim.record import load as load_record

PBITS = """\
thermosim: 1
name: ring
library: cards
models:
  rng: {{card: cmos_rng/mine, v_s: 26 mV}}
  wire: {{type: synapse, bits: 6, j_max: 0.5}}
instances:
  s: {{model: rng, shape: [4], bias: 0.1}}
  osc: {{type: clock, frequency: 2 MHz, pins: {{out: ck}}}}
couplings:
  pair: {{between: [s, s], model: wire, {coupling}}}
updates: {{order: coloured, clock: ck, rng: held}}
run: {{duration: 400 sweeps, burn_in: 10 sweeps, replicas: 2}}
"""
LOOP = """\
thermosim: 1
name: loop
instances:
  C: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R: {type: resistor, r: 1 MOhm, pins: {p: x, n: d}}
  A: {type: adc, bits: 8, reference: 1 V, latency: 0 ns, pins: {in: x, clock: ck, out: y}}
  D: {type: dac, bits: 8, reference: 1 V, settling: 0 ns, pins: {in: z, clock: ck, out: d}}
  K: {type: clock, frequency: 10 MHz, pins: {out: ck}}
controllers:
  c: {PROGRAM, clock: ck, reads: {y: y}, writes: {z: z}, latency: 0 ns}
run: {duration: 20 us, replicas: 2, record: {x: every 100 ns}}
"""
OWN = """\
import numpy as np
from thermosim.contracts import Arithmetic

class Mine:
    law, arithmetic = None, Arithmetic(1, 1)
    def __init__(self, plan, options): ...
    def initial_state(self, replicas): return 0
    def act(self, reads, tick, state, rng): return {"z": -0.5 * reads["y"]}, state
"""


def network(gain: float) -> None:
    np.savez("net.npz", W0=np.array([[gain]]), b0=np.zeros(1))


def matrix(weight: float) -> None:
    values = weight * (np.eye(4, k=1) + np.eye(4, k=-1))
    np.save("j.npy", values)


def chip(coupling: str) -> str:
    return PBITS.format(coupling=coupling)


def edit(name: str, old: str, new: str) -> Callable[[], object]:
    return lambda: Path(name).write_text(Path(name).read_text().replace(old, new))


CASES = {
    "edges": (chip("edges: e.csv, weight: 0.2"), edit("e.csv", "2,3", "1,3"), "e.csv"),
    "weights": (chip("edges: e.csv, weight: w.csv"), edit("w.csv", "0.3", "0.1"), "w.csv"),
    "matrix": (chip("matrix: j.npy"), lambda: matrix(0.1), "j.npy"),
    "card": (chip("matrix: j.npy"), edit("cards/cmos_rng/mine.yaml", "100 ns", "90 ns"), "card cmos_rng/mine"),
    "network": (LOOP.replace("PROGRAM", "program: network, network: net.npz"), lambda: network(-0.2), "net.npz"),
    "own": (LOOP.replace("PROGRAM", 'program: "own_demon:Mine"'), edit("own_demon.py", "0.5", "0.25"), "own_demon.py"),
}  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every kind of file that a netlist can lead to."""
    monkeypatch.chdir(tmp_path)
    shipped = (Path(__file__).parents[1] / "devices/cmos_rng/extropic2025.yaml").read_text()
    Path("cards/cmos_rng").mkdir(parents=True)
    Path("cards/cmos_rng/mine.yaml").write_text(shipped)
    Path("e.csv").write_text("0,1\n1,2\n2,3\n")
    Path("w.csv").write_text("0.1\n0.2\n0.3\n")
    Path("own_demon.py").write_text(OWN)
    matrix(0.2)
    network(-0.5)
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_a_run_is_not_resumed_with_another_content_of_a_file(here: Path, case: str) -> None:
    text, change, name = CASES[case]
    Path("chip.yaml").write_text(text)
    chip = ts.load("chip.yaml")
    half_time = chip.program.burn_in + chip.program.duration // 2
    half = run(chip.program, chip.controllers, threads=1, stop=lambda now: now > half_time)
    assert ts.simulate(ts.load("chip.yaml"), threads=1, resume=half).meta["complete"]
    change()
    with pytest.raises(ThermosimError, match=f"^cannot resume: {name} changed since the record was made; put back"):
        ts.simulate(ts.load("chip.yaml"), threads=1, resume=half)


@pytest.mark.parametrize("case", ["edges", "weights", "matrix", "card", "network"])
def test_a_record_is_not_measured_against_another_content_of_a_file(here: Path, case: str) -> None:
    text, change, name = CASES[case]
    Path("chip.yaml").write_text(text)
    ts.simulate(ts.load("chip.yaml"), threads=1).save("done")
    ts.measure(load_record("done"))
    change()
    with pytest.raises(ThermosimError, match=f"^cannot measure: {name} changed since the record was made; put back"):
        ts.measure(load_record("done"))


def test_a_record_is_measured_without_its_netlist_but_names_the_one_that_changed_on_resuming(here: Path) -> None:
    Path("run.yaml").write_text("include: part.yaml\n")
    Path("part.yaml").write_text(LOOP.replace("PROGRAM", "program: proportional, gain: 0.5"))
    chip = ts.load("run.yaml")
    half = run(chip.program, chip.controllers, threads=1, stop=lambda now: now > 10**10)
    half.save("half")
    Path("part.yaml").write_text("# a comment is no change\n" + Path("part.yaml").read_text())
    assert ts.simulate(ts.load("run.yaml"), threads=1, resume=half).meta["complete"]
    edit("part.yaml", "c: 1 pF", "c: 2 pF")()
    with pytest.raises(ThermosimError, match=r"^cannot resume: part\.yaml changed since the record was made"):
        ts.simulate(ts.load("run.yaml"), threads=1, resume=half)
    Path("run.yaml").unlink()
    Path("part.yaml").unlink()
    assert not ts.measure(load_record("half")).run.complete


def test_a_record_names_what_was_read_and_not_where(here: Path) -> None:
    Path("chip.yaml").write_text(chip("edges: e.csv, weight: w.csv"))
    sources = ts.load("chip.yaml").program.provenance["sources"]
    assert set(sources) == {"chip.yaml", "card cmos_rng/mine", "e.csv", "w.csv"}
    assert all(len(digest) == 64 for digest in sources.values())


def test_a_report_names_the_content_of_every_file(here: Path) -> None:
    Path("chip.yaml").write_text(chip("edges: e.csv, weight: w.csv"))
    assert CliRunner().invoke(app, ["run", "chip.yaml", "--quiet", "--out", "out"]).exit_code == 0
    report = Path("out/report.html").read_text()
    for name in ("cards/cmos_rng/mine.yaml", "e.csv", "w.csv"):
        assert sha256(Path(name).read_bytes()).hexdigest() in report
