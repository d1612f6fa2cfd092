"""The command line: run, check, analyze, export, devices, schema.

Exit codes: 0 done, 1 a fault of ours, 2 a mistake in what was asked (usage, netlist, card, option, controller),
3 a run that had to stop (a non-finite state, samples that do not fit), 130 interrupted.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermosim import __version__
from thermosim.errors import NetlistError, Problem, SimulationError, ThermosimError

if TYPE_CHECKING:
    from thermosim.api import Chip
    from thermosim.record import Record

app = typer.Typer(
    name="thermosim",
    help="Simulate thermodynamic chips: from a YAML netlist to joules per effective sample.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

MISTAKE, STOPPED, INTERRUPTED = 2, 3, 130

Netlist = Annotated[str, typer.Argument(metavar="NETLIST", help="A netlist file, or the name of a shipped one.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override a value of the netlist; may be repeated."),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON with stable keys, and nothing else, on standard output.")
]


def main() -> None:
    """Entry point of the console script."""
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"thermosim {__version__}")
        raise typer.Exit()


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Every error of the user's, whole, on standard error; a traceback only for faults of ours."""
    try:
        yield
    except SimulationError as error:
        typer.echo(f"stopped: {error}", err=True)
        raise typer.Exit(STOPPED) from None
    except MemoryError as error:
        typer.echo(f"stopped: out of memory: {error}", err=True)
        raise typer.Exit(STOPPED) from None
    except ThermosimError as error:
        typer.echo(str(error), err=True)
        if isinstance(error, NetlistError) and len(error.problems) > 1:
            typer.echo(f"{len(error.problems)} problems", err=True)
        raise typer.Exit(MISTAKE) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing was recorded yet", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _overrides(texts: Sequence[str] | None) -> dict[str, str]:
    """``["a.b=6"]`` as ``{"a.b": "6"}``; the netlist reads the value as it reads its own text."""
    pairs = {}
    for text in texts or ():
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            raise NetlistError([Problem(None, f"--set {text}", "expected PATH=VALUE, such as models.adc8.bits=6")])
        pairs[path.strip()] = value.strip()
    return pairs


def _print_json(value: Mapping[str, Any]) -> None:
    # NaN and infinity are no JSON: an undefined number must have been made null before it comes here.
    typer.echo(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


@app.command()
def run(
    netlist: Netlist,
    set: Set = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Names the noise: same seed, same bits.")] = 1,
    replicas: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Noise copies of the die; the netlist's number if not given.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Threads; changes no bit of the result.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to write; results/NAME if not given.")] = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors; the files are written.")] = False,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Complete the interrupted run that was written to DIR.")
    ] = None,
) -> None:
    """Run a netlist: simulate, measure, print one screen, write a report."""
    with _exit_codes():
        from thermosim.api import load, simulate
        from thermosim.record import load as load_record
        from thermosim.record import refuse_unwritable
        from thermosim.report.progress import shown

        chip = load(netlist, _overrides(set))
        earlier = None if resume is None else load_record(resume)
        folder = out or resume or Path("results") / chip.program.name
        refuse_unwritable(folder)
        talkative = not (quiet or as_json)
        for problem in () if talkative else chip.lints:
            typer.echo(f"lint: {problem}", err=True)
        with shown(talkative) as progress:
            record = simulate(chip, seed=seed, replicas=replicas, threads=threads, progress=progress, resume=earlier)
        _save(folder, record)
        try:
            _report(folder, chip, record, talkative, as_json)
        except KeyboardInterrupt:
            typer.echo(f"interrupted while measuring; the record is in {folder}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except Exception:
            typer.echo(f"the record is in {folder}; measuring it failed:", err=True)
            raise
        if not record.meta["complete"]:
            typer.echo(f"interrupted; what was recorded is in {folder}", err=True)
            if record.checkpoint:
                again = ["thermosim", "run", netlist, *(part for text in set or () for part in ("--set", text))]
                again += ["--seed", str(seed), "--replicas", str(record.meta["replicas"]), "--resume", str(folder)]
                typer.echo(f"go on with:\n  {shlex.join(again)}", err=True)
            raise typer.Exit(INTERRUPTED)


def _save(folder: Path, record: Record) -> None:
    """Before anything is measured, so that no failure costs the run; Ctrl-C meanwhile begins anew, then ends it."""
    try:
        record.save(folder)
    except KeyboardInterrupt:
        record.save(folder)
        typer.echo(f"interrupted while writing; the record is in {folder}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _report(folder: Path, chip: Chip, record: Record, talkative: bool, as_json: bool) -> None:
    """Measure, print and write; the screen comes before the files, whose figures take longer than it does."""
    from thermosim.api import measure
    from thermosim.report.overview import tell
    from thermosim.report.progress import working
    from thermosim.report.screen import show, show_files

    with working(talkative, "measuring"):
        summary = measure(record)
    if talkative:
        show(tell(summary, chip))
    with working(talkative, "writing the report"):
        from thermosim.report.files import write

        files = write(folder, chip, record, summary)
    if as_json:
        _print_json({**summary.to_dict(), "files": {name: str(path) for name, path in files.items()}})
    if talkative:
        show_files(files)


@app.command()
def check(netlist: Netlist, set: Set = None, as_json: Json = False) -> None:
    """Print every error and every lint of a netlist; exit code 2 if there are errors."""
    from thermosim.api import load

    errors: tuple[Problem, ...] = ()
    lints: tuple[Problem, ...] = ()
    described = None
    with _exit_codes():
        try:
            chip = load(netlist, _overrides(set))
            lints, described = chip.lints, repr(chip)
        except NetlistError as error:
            errors = error.problems
    if as_json:
        _print_json(
            {
                "netlist": netlist,
                "ok": not errors,
                "errors": [_problem(problem) for problem in errors],
                "lints": [_problem(problem) for problem in lints],
            }
        )
    else:
        for problem in errors:
            typer.echo(str(problem), err=True)
        for problem in lints:
            typer.echo(f"lint: {problem}")
        if described is not None:
            typer.echo(described.strip("<>"))
    if errors:
        raise typer.Exit(MISTAKE)


def _problem(problem: Problem) -> dict[str, Any]:
    where = problem.where
    return {
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "path": problem.path,
        "message": problem.message,
        "rule": problem.rule,
    }


@app.command()
def analyze(
    netlist: Netlist,
    set: Set = None,
    full: Annotated[bool, typer.Option("--full", help="Every node, mode and element.")] = False,
    as_json: Json = False,
) -> None:
    """Print what is known without running: noise, relaxation, correlations, heat, who makes the noise."""
    with _exit_codes():
        from thermosim.api import analyze as analysed
        from thermosim.api import load

        chip = load(netlist, _overrides(set))
        networks = analysed(chip)
        from thermosim.report.analysis import left_out, tell
        from thermosim.report.screen import show

        if as_json:
            plain = [network.to_dict() for network in networks]
            _print_json({"name": chip.program.name, "networks": plain, "left_out": list(left_out(chip))})
            return

        show(tell(chip, networks, full))


@app.command()
def export(
    netlist: Netlist,
    spice: Annotated[bool, typer.Option("--spice", help="As an ngspice deck that measures every covariance.")] = False,
    set: Set = None,
    transient: Annotated[
        bool, typer.Option("--transient", help="With noise drawn in time (TRNOISE) instead of .noise runs.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; standard output if not given.")
    ] = None,
) -> None:
    """Write the analog part of a netlist for another simulator."""
    with _exit_codes():
        if not spice:
            raise NetlistError([Problem(None, "export", "say what to export as; these exist: --spice")])
        from thermosim.adapters.spice import deck
        from thermosim.api import load

        written = deck(load(netlist, _overrides(set)), transient)
        for notice in written.notices:
            typer.echo(notice, err=True)
        if out is None:
            typer.echo(written.text, nl=False)
            return
        try:
            out.write_text(written.text)
        except OSError as error:
            raise ThermosimError(f"{out}: {error.strerror or error}") from None


@app.command()
def devices(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A card such as adc/sar8, or a model such as adc.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List models and cards; with NAME every number with unit, evidence and source."""
    with _exit_codes():
        from thermosim.report.devices import catalogue, page, show_catalogue, show_page

        if as_json:
            _print_json(catalogue() if name is None else page(name))
        elif name is None:
            show_catalogue()
        else:
            show_page(name)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the netlist language, for editors."""
    from thermosim.netlist import json_schema

    _print_json(json_schema())
