"""The command line when a run stops: errors, interrupt and resume, no room; exit codes and what is kept."""

import signal
from pathlib import Path

import pytest
from command_line import call

import thermosim
from thermosim import api
from thermosim.errors import SimulationError
from thermosim.record import Record
from thermosim.record import load as load_record


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
