"""The command line: exit codes, what goes where, JSON with stable keys, interrupt and resume."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import thermosim
from thermosim import api
from thermosim.cli import app
from thermosim.errors import SimulationError
from thermosim.record import Record
from thermosim.record import load as load_record

CAPACITOR = """\
thermosim: 1
name: noisy_capacitor
instances:
  C1: {type: capacitor, c: 1 pF, pins: {p: x, n: 0}}
  R1: {type: resistor, r: 100 kOhm, pins: {p: x, n: 0}}
run: {duration: 100 us, burn_in: 1 us, replicas: 4, record: {x: every 100 ns}, measure: [energy, mixing, target]}
"""


@pytest.fixture
def netlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A netlist in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "capacitor.yaml").write_text(CAPACITOR)
    return "capacitor.yaml"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_version() -> None:
    done = call("--version")
    assert (done.exit_code, done.stdout) == (0, f"thermosim {thermosim.__version__}\n")


def test_check_says_what_the_chip_is(netlist: str) -> None:
    done = call("check", netlist)
    assert done.exit_code == 0
    assert done.stdout == "Chip noisy_capacitor: 1 analog node; 100 us after 1 us of burn-in, 4 replicas\n"
    assert done.stderr == ""


def test_check_prints_every_error_with_its_place_and_no_traceback(netlist: str) -> None:
    Path(netlist).write_text(CAPACITOR.replace("1 pF", "1 Ohm").replace("r: 100 kOhm", "rr: 100 kOhm"))
    done = call("check", netlist)
    assert done.exit_code == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) >= 2
    assert any(line.startswith("capacitor.yaml:4:") and "'1 Ohm': expected F" in line for line in lines)
    assert any(line.startswith("capacitor.yaml:5:") and "rr" in line for line in lines)
    assert "Traceback" not in done.stderr


def test_check_json_has_stable_keys(netlist: str) -> None:
    good = json.loads(call("check", netlist, "--json").stdout)
    assert good == {"netlist": netlist, "ok": True, "errors": [], "lints": []}
    done = call("check", netlist, "--json", "--set", "instances.C1.c=3 V")
    bad = json.loads(done.stdout)
    assert (done.exit_code, done.stderr, bad["ok"]) == (2, "", False)
    assert set(bad["errors"][0]) == {"file", "line", "column", "path", "message", "rule"}
    assert bad["errors"][0]["path"] == "instances.C1.c"


@pytest.mark.parametrize("text", ["models.adc8.bits", "=6"])
def test_a_set_without_a_path_or_value_is_refused(netlist: str, text: str) -> None:
    done = call("run", netlist, "--set", text)
    assert done.exit_code == 2
    assert done.stderr == f"--set {text}: expected PATH=VALUE, such as models.adc8.bits=6\n"


def test_an_unknown_netlist_lists_the_shipped_ones(netlist: str) -> None:
    done = call("check", "pbit_gird")
    assert done.exit_code == 2
    assert done.stderr.startswith("pbit_gird: no such file; did you mean 'pbit_grid'? these shipped netlists exist: ")
    assert "smode4" in done.stderr


def test_an_unknown_option_is_a_usage_error(netlist: str) -> None:
    assert call("run", netlist, "--speed", "9").exit_code == 2


def test_run_prints_one_screen_and_writes_its_files(netlist: str) -> None:
    done = call("run", netlist, "--seed", "3", "--replicas", "2")
    assert done.exit_code == 0
    for words in (
        "noisy_capacitor",
        "2 replicas x 100 us after 1 us; seed 3",
        "Mixing",
        "Target",
        "Files",
        "report.html",
    ):
        assert words in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    assert sorted(path.name for path in Path("results/noisy_capacitor").iterdir()) == [
        "record.json", "record.npz", "report.html", "summary.json",
    ]  # fmt: skip


def test_json_is_the_summary_and_nothing_else(netlist: str) -> None:
    done = call("run", netlist, "--json", "--out", "here")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert set(found) == {
        "run",
        "mixing",
        "verdict",
        "slowest",
        "ess",
        "energy",
        "target",
        "ideal",
        "notes",
        "files",
        "temperature",
    }
    assert found["files"] == {"record": "here/record.npz", "summary": "here/summary.json", "report": "here/report.html"}
    del found["files"]
    assert json.loads(Path("here/summary.json").read_text()) == found


def test_json_does_not_repeat_what_the_record_holds(netlist: str) -> None:
    """Netlist text and drawn mismatch are in the record; a summary must stay small."""
    assert "C1: {type: capacitor" not in call("run", netlist, "--json").stdout


def test_quiet_prints_nothing(netlist: str) -> None:
    done = call("run", netlist, "--quiet", "--out", "here")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert Path("here/report.html").stat().st_size > 10_000


def test_the_report_carries_the_netlist_and_what_was_set(netlist: str) -> None:
    call("run", netlist, "--quiet", "--out", "here", "--set", "instances.C1.c=2 pF")
    report = Path("here/report.html").read_text()
    assert "c: 2 pF" in report
    assert "instances.C1.c = 2 pF" in report


def test_a_run_that_must_stop_exits_with_3(netlist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise SimulationError("x of replica 3 is not finite at 5 us")

    monkeypatch.setattr(api, "simulate", stop)
    done = call("run", netlist)
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == "stopped: x of replica 3 is not finite at 5 us\n"


def test_an_interrupt_before_the_first_sample_leaves_no_traceback(
    netlist: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "simulate", interrupt)
    done = call("run", netlist)
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr == "interrupted; nothing was recorded yet\n"


def test_an_interrupt_while_measuring_keeps_the_record(netlist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(api, "measure", interrupt)
        done = call("run", netlist, "--out", "here")
    assert done.exit_code == 130
    assert done.stderr.endswith("interrupted while measuring; the record is in here\n")
    assert thermosim.measure(load_record("here")).run.complete


def test_an_interrupted_run_is_resumed_to_the_same_bits_by_the_command_that_it_prints(
    netlist: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--set", "run.duration=200 us", "--seed", "7"]
    assert call("run", netlist, *arguments, "--quiet", "--out", "whole").exit_code == 0
    simulate = api.simulate

    def interrupted(chip: api.Chip, **options: object) -> object:
        """Ctrl-C at half-time, as the terminal sends it."""
        sent = []

        def progress(done: float) -> None:
            if done > 0.5 and not sent:
                sent.append(True)
                signal.raise_signal(signal.SIGINT)

        return simulate(chip, **{**options, "progress": progress})  # type: ignore[arg-type]

    monkeypatch.setattr(api, "simulate", interrupted)
    done = call("run", netlist, *arguments, "--out", "half")
    assert done.exit_code == 130
    assert "INTERRUPTED" in done.stdout
    assert Path("half/report.html").exists()
    monkeypatch.setattr(api, "simulate", simulate)

    command = done.stderr.splitlines()[-1].strip()
    assert command == f"thermosim run {netlist} --set 'run.duration=200 us' --seed 7 --replicas 4 --resume half"
    wrong = call("run", netlist, "--seed", "7", "--resume", "half")
    assert wrong.exit_code == 2
    assert wrong.stderr == "cannot resume: the values set over the netlist (--set) are not those of the record\n"
    assert call("run", netlist, *arguments, "--replicas", "4", "--resume", "half").exit_code == 0
    whole, resumed = load_record("whole"), load_record("half")
    assert resumed.meta["complete"]
    assert (whole.samples["x"] == resumed.samples["x"]).all()


def test_a_failure_of_measuring_costs_no_run(netlist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(api, "measure", fail)
        done = call("run", netlist, "--out", "here")
    assert isinstance(done.exception, ZeroDivisionError)
    assert done.stderr.endswith("the record is in here; measuring it failed:\n")
    assert thermosim.measure(load_record("here")).run.complete


def test_ctrl_c_while_the_record_is_written_leaves_a_whole_one(netlist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save, calls = Record.save, []

    def interrupted(record: Record, folder: Path) -> Path:
        calls.append(folder)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return save(record, folder)

    monkeypatch.setattr(Record, "save", interrupted)
    done = call("run", netlist, "--out", "here")
    assert done.exit_code == 130
    assert done.stderr.endswith("interrupted while writing; the record is in here\n")
    assert load_record("here").meta["complete"]


@pytest.mark.parametrize(("out", "why"), [("file", "File exists"), ("file/below", "Not a directory"), ("/proc/x", "")])
def test_where_nothing_can_be_written_is_told_before_the_run(
    netlist: str, monkeypatch: pytest.MonkeyPatch, out: str, why: str
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the run has begun")

    Path("file").write_text("")
    monkeypatch.setattr(api, "simulate", never)
    done = call("run", netlist, "--out", out)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{out}: nothing can be written there: {why}")
    assert done.stderr.count("\n") == 1


def test_what_cannot_fit_in_memory_is_refused_before_the_run(netlist: str) -> None:
    done = call("run", netlist, "--set", "run.duration=100 s", "--quiet")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.startswith("stopped: the record of 4 replicas would take 29.8 GiB, above the limit of 8 GiB: ")


def test_a_check_that_runs_out_of_memory_says_so(netlist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError("cannot allocate 80 GiB")

    monkeypatch.setattr(api, "load", full)
    done = call("check", netlist)
    assert (done.exit_code, done.stdout, done.stderr) == (3, "", "stopped: out of memory: cannot allocate 80 GiB\n")


LOOP = """\
thermosim: 1
name: loop
instances:
  C: {type: capacitor, shape: [2], c: 1 pF, pins: {p: "x[i]", n: 0}}
  R: {type: resistor, shape: [2], r: 1 MOhm, pins: {p: "x[i]", n: "d[i]"}}
  A: {type: adc, bits: 8, reference: 1 V, latency: 0 ns, pins: {in: "x[0]", clock: ck, out: "y[0]"}}
  B: {type: adc, bits: 6, reference: 1 V, latency: 0 ns, pins: {in: "x[1]", clock: ck, out: "y[1]"}}
  D: {type: dac, shape: [2], bits: 8, reference: 1 V, settling: 0 ns, pins: {in: "z[i]", clock: ck, out: "d[i]"}}
  K: {type: clock, frequency: 10 MHz, pins: {out: ck}}
controllers:
  c: {PROGRAM, clock: ck, writes: {z: "z[*]"}, latency: 0 ns, reads: {READS}}
run: {duration: 20 us, record: {x: every 100 ns, d: every 50 ns}}
"""


def test_a_port_of_unlike_converters_is_found_by_check(netlist: str) -> None:
    Path(netlist).write_text(LOOP.replace("PROGRAM", "program: proportional, gain: 0.5").replace("READS", 'y: "y[*]"'))
    done = call("check", netlist)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "capacitor.yaml:11:99: controllers.c.reads.y: port 'y' joins converters of different range or bits; "
        "give each its own port\n"
    )


def test_a_controller_that_fails_in_the_run_is_a_mistake_with_a_place(netlist: str) -> None:
    own = 'program: "failing_lab:Mine"'
    Path(netlist).write_text(LOOP.replace("PROGRAM", own).replace("READS", 'y: "y[0]"'))
    Path("failing_lab.py").write_text(
        "from thermosim.contracts import Arithmetic\n"
        "class Mine:\n"
        "    law, arithmetic = None, Arithmetic(1, 1)\n"
        "    def __init__(self, plan, options): ...\n"
        "    def initial_state(self, replicas): ...\n"
        "    def act(self, reads, tick, state, rng):\n"
        "        return 1 / 0\n"
    )
    done = call("run", netlist)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        "capacitor.yaml:11:6: controllers.c: act at tick 0 (0 ns) raised "
        "ZeroDivisionError: division by zero (failing_lab.py:7)"
    )


def test_the_output_of_a_dac_can_be_recorded(netlist: str) -> None:
    """Proportional feedback from a node to its own drive: the recorded rail is a level of the DAC and moves."""
    Path(netlist).write_text(
        LOOP.replace("PROGRAM", "program: proportional, gain: [[-1], [0.5]], aim: 0.3").replace("READS", 'y: "y[0]"')
    )
    assert call("run", netlist, "--out", "here", "--quiet").exit_code == 0
    volts = load_record("here").samples["d"]
    assert volts.shape == (1, 400, 2)
    assert len(np.unique(volts)) > 10
    step = 2 / 2**8
    np.testing.assert_allclose(volts, step * np.round(volts / step), atol=1e-12)


def test_a_library_that_is_not_there_is_found_by_check(netlist: str) -> None:
    Path(netlist).write_text(CAPACITOR + "library: [nope]\n")
    done = call("check", netlist)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "capacitor.yaml:7:11: library.0: no folder 'nope' beside the netlist or here\n"


def test_resuming_nothing_says_so(netlist: str) -> None:
    done = call("run", netlist, "--resume", "nowhere")
    assert done.exit_code == 2
    assert done.stderr == "nowhere: no record here (record.json is missing)\n"


def test_devices_lists_models_and_cards() -> None:
    done = call("devices")
    assert done.exit_code == 0
    for name in ("cmos_rng/extropic2025", "adc/sar8", "capacitor", "synapse"):
        assert name in done.stdout
    found = json.loads(call("devices", "--json").stdout)
    assert set(found) == {"models", "cards"}
    assert {"name", "type", "description"} == set(found["cards"][0])


def test_a_card_is_printed_with_evidence_source_spread_validity_and_checks() -> None:
    text = call("devices", "cmos_rng/extropic2025").stdout
    for words in (
        "tau0",
        "100 ns",
        "measured",
        "calibrated",
        "arXiv:2510.23972",
        "35 aF/um to 3500 aF/um",
        "Valid for",
        "Must reproduce",
    ):
        assert words in text
    card = json.loads(call("devices", "cmos_rng/extropic2025", "--json").stdout)
    assert set(card) == {"kind", "name", "type", "description", "values", "validity", "checks", "references"}
    tau0 = next(value for value in card["values"] if value["parameter"] == "tau0")
    assert (tau0["value"], tau0["unit"], tau0["evidence"]) == ("100 ns", "s", "measured")
    assert all(value["source"] for value in card["values"])


def test_a_model_is_printed_with_pins_units_and_counted_actions() -> None:
    model = json.loads(call("devices", "adc", "--json").stdout)
    units = {row["parameter"]: row["unit"] for row in model["parameters"]}
    assert units["reference"] == "V"
    # Units are found also where a quantity may be left out.
    assert units["sample_capacitance"] == "F"
    assert units["bits"] is None
    assert model["counters"] == ["conversions"]
    assert [pin["name"] for pin in model["pins"]] == ["in", "clock", "out"]


def test_an_unknown_device_says_what_exists() -> None:
    done = call("devices", "adc/sar9")
    assert done.exit_code == 2
    assert done.stderr.startswith("no card or model 'adc/sar9'; did you mean 'adc/sar8'? these cards exist: adc/")


def test_schema_is_json() -> None:
    done = call("schema")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["$schema"].startswith("https://json-schema.org/")


def test_every_option_is_documented() -> None:
    page = Path(__file__).parents[1].joinpath("docs/reference/cli.md").read_text()
    for command in ("run", "check", "devices", "schema"):
        options = [word for word in call(command, "--help").stdout.split() if word.startswith("--")]
        missing = [option for option in options if option not in page and option != "--help"]
        assert missing == []


def test_python_m_is_the_same_program() -> None:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "thermosim", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"thermosim {thermosim.__version__}\n"
    assert time.perf_counter() - began < 10
