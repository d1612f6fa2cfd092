"""Netlists that load: what every section means, and that the two shipped sketches are read as drawn."""
# ruff: noqa: E501 - whole messages and netlists stand on one line

from __future__ import annotations

import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from thermosim.netlist import Netlist, load, load_text
from thermosim.units import Span, read_any

MINIMAL = "thermosim: 1\nrun: {duration: 1 us}\n"


def sections(netlist: Netlist) -> dict[str, object]:
    """Everything but the text that it was read from."""
    return {name: getattr(netlist, name) for name in Netlist.model_fields}


def test_defaults_of_a_minimal_netlist() -> None:
    netlist = load_text(MINIMAL, "dir/tiny.yaml")
    assert netlist.name == "tiny"
    assert netlist.temperature == 300.0
    assert netlist.target == "as_drawn"
    assert netlist.variation.corner == "typical"
    assert netlist.updates.order == "coloured"
    assert netlist.updates.rng == "held"
    assert netlist.run.duration == Span(Fraction(1, 10**6), "s")
    assert netlist.run.burn_in.value == 0
    assert netlist.run.replicas == 1


def test_sketch_of_the_grid() -> None:
    netlist = load("pbit_grid")
    instance = netlist.instances["s"]
    assert instance.shape == (70, 70)
    assert instance.raw == {"model": "rng", "bias": 0.1}
    grid = netlist.couplings["grid"]
    assert grid.between == ("s", "s")
    assert grid.lattice is not None
    assert (grid.lattice.name, grid.lattice.boundary) == ("G12", "torus")
    assert grid.weight.normal.sigma == 0.15  # type: ignore[union-attr]
    assert grid.weight.seed == 1  # type: ignore[union-attr]
    assert netlist.variation.mismatch["s.offset"].sigma == "1 mV"
    assert netlist.updates.clock == "ck"
    assert netlist.run.duration == Span(4000, "sweeps")
    assert netlist.instances["clock"].pins == {"out": "ck"}


def test_sketch_of_the_s_modes() -> None:
    netlist = load("smode4")
    assert netlist.parameters["C0"] == read_any("1 pF")
    cell = netlist.subcircuits["smode"]
    assert cell.ports == ("x", "drive")
    assert cell.parameters["R"] == read_any("10 MOhm")
    assert cell.instances["R1"].pins == {"p": "x", "n": "0"}
    assert netlist.instances["m"].parameters["C"] == "{C0}"
    assert netlist.couplings["chain"].model == {"type": "resistor", "r": "{RC}"}
    law = netlist.target
    assert not isinstance(law, str)
    assert law.gaussian_mixture.means == ((40.0,) * 4, (-40.0,) * 4)
    assert law.gaussian_mixture.unit == "mV"
    demon = netlist.controllers["demon"]
    assert demon.latency == Span(1, "cycles")
    assert demon.arithmetic == {"card": "digital/cmos45"}
    assert netlist.run.record == {"x": Span(Fraction(1, 10**6), "s")}
    assert len(netlist.document.files) == 2


def test_parameters_refer_to_each_other_in_any_order() -> None:
    netlist = load_text(
        'thermosim: 1\nparameters: {tau: "{R * C}", C: "{2 * C0}", R: 10 kOhm, C0: 1 pF}\nrun: {duration: "{3 * tau}"}\n'
    )
    assert netlist.parameters["tau"].value == pytest.approx(2e-8, rel=1e-14)
    assert netlist.run.duration == Span(Fraction(60, 10**9), "s")


def test_a_time_from_an_expression_is_whole_femtoseconds() -> None:
    """0.1 + 0.2 is not 0.3 in floats; fifteen digits are what was meant."""
    netlist = load_text('thermosim: 1\nparameters: {a: 0.1 us, b: 0.2 us}\nrun: {duration: "{a + b}"}\n')
    assert netlist.run.duration.value == Fraction(3, 10**7)


@pytest.mark.parametrize(
    ("weight", "value"),
    [("0.5", 0.5), ('"{2 * w}"', 0.5), ("[1, -1, 0.5]", (1.0, -1.0, 0.5)), ("w.csv", "w.csv")],
)
def test_forms_of_a_weight(weight: str, value: object) -> None:
    text = f"{MINIMAL}parameters: {{w: 0.25}}\nmodels: {{m: {{type: synapse}}}}\ncouplings: {{c: {{between: [s, s], model: m, lattice: {{name: ring}}, weight: {weight}}}}}\n"
    assert load_text(text).couplings["c"].weight == value


def test_a_drawn_weight_and_a_matrix() -> None:
    text = MINIMAL + (
        "models: {m: {type: synapse}}\ncouplings:\n"
        "  a: {between: [s, s], model: m, edges: e.csv, weight: {choice: [-1, 1], seed: 3}}\n"
        "  b: {from: s.out, to: t.in, model: m, matrix: [[0, 1], [1, 0]]}\n"
    )
    couplings = load_text(text).couplings
    assert couplings["a"].weight.choice == (-1.0, 1.0)  # type: ignore[union-attr]
    assert couplings["b"].matrix == ((0.0, 1.0), (1.0, 0.0))
    assert (couplings["b"].source, couplings["b"].to) == ("s.out", "t.in")


def test_overrides_from_python() -> None:
    netlist = load("smode4", set={"models.adc8.bits": 6, "parameters.C0": "2 pF", "instances.m.shape": [5]})
    assert netlist.models["adc8"]["bits"] == 6
    assert netlist.parameters["C0"].value == 2e-12
    assert netlist.instances["m"].shape == (5,)
    again = load_text(netlist.document.text, netlist.document.files[0])
    assert sections(again) == sections(netlist)


def test_shipped_netlists_load_by_name_and_by_path() -> None:
    by_name = load("pbit_grid.yaml")
    assert load(by_name.document.files[0]) == by_name == load("pbit_grid")


def test_a_netlist_travels_to_other_processes() -> None:
    netlist = load("smode4")
    copy: Netlist = pickle.loads(pickle.dumps(netlist))
    assert copy == netlist
    assert copy.document.position(("name",)) == netlist.document.position(("name",))


def test_the_order_of_the_file_does_not_matter() -> None:
    netlist = load("smode4")
    lines = Path(netlist.document.files[0]).read_text()
    text = netlist.document.text
    assert lines != text
    head, *rest = (block for block in text.replace("\n ", "\x00 ").replace("\n-", "\x00-").splitlines())
    shuffled = "\n".join([head, *reversed(rest)]).replace("\x00", "\n")
    assert sections(load_text(shuffled, netlist.document.files[0])) == sections(netlist)


def test_reading_imports_nothing_heavy() -> None:
    code = (
        "import sys, thermosim.netlist; thermosim.netlist.load('smode4'); "
        "heavy = {'numba', 'matplotlib', 'scipy.stats', 'simpy'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
