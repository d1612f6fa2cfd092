"""The command line: exit codes, what goes where, JSON with stable keys."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import CAPACITOR, call

import thermosim
from thermosim.record import load as load_record


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
        "heat",
        "information",
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
    for command in ("run", "check", "analyze", "export", "devices", "schema"):
        options = [word for word in call(command, "--help").stdout.split() if word.startswith("--")]
        missing = [option for option in options if option not in page and option != "--help"]
        assert missing == []


def test_python_m_is_the_same_program() -> None:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "thermosim", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"thermosim {thermosim.__version__}\n"
    assert time.perf_counter() - began < 10
