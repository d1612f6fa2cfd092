"""Bad netlists, each with the full text of what the user reads."""
# ruff: noqa: E501 - whole messages stand on one line

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thermosim.errors import NetlistError, Problem, Problems
from thermosim.netlist import Netlist, bind, load, load_text

GOOD = """\
thermosim: 1
parameters: {R0: 10 kOhm, C0: 1 pF}
models: {res: {type: resistor, r: 1 kOhm}}
subcircuits: {cell: {ports: [x], parameters: {R: 1 kOhm}, instances: {R1: {type: resistor, r: "{R}", pins: {p: x, n: 0}}}}}
instances: {a: {model: res, pins: {p: x, n: 0}}, b: {subcircuit: cell, pins: {x: x}}}
run: {duration: 1 us}
"""


def complaints(text: str) -> list[str]:
    """What loading and binding every instance of a netlist says."""
    problems = Problems()
    try:
        netlist = load_text(text, "bad.yaml")
    except NetlistError as error:
        return [str(problem) for problem in error.problems]
    for name, instance in netlist.instances.items():
        if instance.subcircuit is None:
            bind(instance.raw, ("instances", name), netlist, problems, netlist.parameters)
    return [str(problem) for problem in problems.sorted()]


def test_the_good_netlist_is_good() -> None:
    assert complaints(GOOD) == []


RUN = "duration: 1 us"
RES = "{type: resistor, r: 1 kOhm}"
INSTANCE = "{model: res, pins: {p: x, n: 0}}"
TIME = "expected a time or a number of sweeps, e.g. 10 us or 5 sweeps"


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("thermosim: 1\n", "", ["1:1: missing 'thermosim': the version of the language; write 'thermosim: 1' first"]),
        ("thermosim: 1", "thermosim: 2", ["1:12: thermosim: language version 2 is unknown; write 'thermosim: 1'"]),
        ("run: {duration: 1 us}\n", "", ["1:1: missing 'run': the testbench, e.g. {duration: 10 ms, replicas: 64}"]),
        (RUN, "", ["6:1: run: missing 'duration': the recorded window, e.g. 10 ms or 4000 sweeps"]),
        (RUN, "duration: 5", [f"6:17: run.duration: '5' has no unit: {TIME}"]),
        (RUN, "duration: 1 V", [f"6:17: run.duration: '1 V': {TIME}"]),
        (RUN, "duration: -1 us", [f"6:17: run.duration: '-1 us' is negative: {TIME}"]),
        (RUN, "duration: 1.5 sweeps", ["6:17: run.duration: '1.5 sweeps' is not a whole number of sweeps"]),
        (RUN, "duration: [1]", [f"6:17: run.duration: {TIME}"]),
        (RUN, 'duration: "{R0}"', ["6:17: run.duration: '{R0}' is Ohm: expected s"]),
        (RUN, RUN + ", burnin: 3 us", ["6:23: run.burnin: unknown key 'burnin'; did you mean 'burn_in'?"]),
        (
            RUN, RUN + ", measure: [enrgy]",
            ["6:33: run.measure.0: 'enrgy' is not one of energy, heat, information, mixing, target; did you mean 'energy'?"],
        ),
        (
            RUN, RUN + ", record: {x: 1 us}",
            [
                "6:35: run.record.x: '1 us': expected 'every' and a time or a number of sweeps, "
                "e.g. every 1 us or every 10 sweeps"
            ],
        ),
        (RUN, RUN + ", record: {x: every 0 s}", ["6:35: run.record.x: 'every 0 s': the interval must be above zero"]),
        (RUN, RUN + ", replicas: 0", ["6:33: run.replicas: 0 is out of range: at least 1"]),
        (RUN, RUN + ", replicas: 1.5", ["6:33: run.replicas: expected a whole number, got 1.5"]),
        (RUN, RUN + ", replicas: true", ["6:33: run.replicas: expected a whole number, got true"]),
        (RUN, RUN + ', replicas: "{C0}"', ["6:33: run.replicas: '{C0}' is F: expected a plain number"]),
        ("run:", "temperature: 300 V\nrun:", ["6:14: temperature: '300 V': expected K with an optional SI prefix"]),
        ("run:", "temperature: .nan\nrun:", ["6:14: temperature: 'nan': expected K with an optional SI prefix"]),
        ("run:", "temperature: 300\nrun:", ["6:14: temperature: '300' has no unit: expected K with an optional SI prefix"]),
        ("run:", "temperature: -3 K\nrun:", ["6:14: temperature: -3 K is out of range: at least 0 K and at most 1e+15 K"]),
        ("run:", "temprature: 3 K\nrun:", ["6:1: temprature: unknown key 'temprature'; did you mean 'temperature'?"]),
        ("run:", "name: 5\nrun:", ["6:7: name: expected text, got 5"]),
        ("run:", "thermosim: 1\nrun:", ["6:1: thermosim: key 'thermosim' appears twice (first at 1:1)"]),
        ("R0: 10 kOhm", "R0: '{R1 / 2}'", ["2:18: parameters.R0: '{R1 / 2}': unknown name 'R1'; these exist: C0"]),
        ("R0: 10 kOhm", "R0: {C0 / 2}", ['2:18: parameters.R0: an expression needs quotes: "{C0 / 2}"']),
        ("R0: 10 kOhm", "R0: '{A + 1}', A: '{R0}'", ["2:18: parameters.R0: defined by itself: R0 -> A -> R0"]),
        ("R0: 10 kOhm", "R0: 10 kOhmm", ["2:18: parameters.R0: '10 kOhmm': unknown unit 'kOhmm'"]),
        ("R0: 10 kOhm", "R0: [1]", ["2:18: parameters.R0: expected a quantity, e.g. 1 pF, got a list"]),
        ("R0: 10 kOhm", "lambda: 1", ["2:14: parameters.lambda: 'lambda' cannot name a parameter: expressions keep this word"]),
        ("R0: 10 kOhm", "R-0: 1", ["2:14: parameters.R-0: 'R-0' cannot name a parameter: use letters, digits and _"]),
        ("R0: 10 kOhm", "i: 1", ["2:14: parameters.i: 'i' cannot name a parameter: i, j and k are array indices"]),
        ("{R0: 10 kOhm, C0: 1 pF}", "5", ["2:13: parameters: expected a mapping of names to quantities, got 5"]),
        # models
        (RES, "{type: resistor, r: -1 kOhm}", ["3:35: models.res.r: -1 kOhm is out of range: above 0 Ohm and at most 1e+18 Ohm"]),
        (RES, "{type: resistor, r: 1 kV}", ["3:35: models.res.r: '1 kV': expected Ohm with an optional SI prefix"]),
        (RES, "{type: resistor, r: .nan}", ["3:35: models.res.r: 'nan': expected Ohm with an optional SI prefix"]),
        (RES, "{type: resistor, r: 1000}", ["3:35: models.res.r: '1000' has no unit: expected Ohm with an optional SI prefix"]),
        (RES, "{type: resistor, r: [1]}", ["3:35: models.res.r: expected a quantity in Ohm, got a list"]),
        (RES, "{type: resistor, r: true}", ["3:35: models.res.r: expected a quantity in Ohm, got true"]),
        (RES, "{type: resistor, r: }", ["3:35: models.res.r: expected a quantity in Ohm, got nothing"]),
        (RES, "{type: resistor, r: {R0/2}}", ['3:35: models.res.r: an expression needs quotes: "{R0/2}"']),
        (RES, "{type: resistor, r: '{C0}'}", ["3:35: models.res.r: '{C0}' is F: expected Ohm"]),
        (RES, "{type: resistor, r: '{R00}'}", ["3:35: models.res.r: '{R00}': unknown name 'R00'; did you mean 'R0'?"]),
        (RES, "{type: resistor}", ["3:10: models.res: missing 'r': a quantity in Ohm"]),
        (
            RES, "{type: resistor, r: 1 kOhm, ohms: 3}",
            ["3:43: models.res.ohms: unknown key 'ohms'; these exist: gain, noisy, pins, r, shape, t_nominal, tc1, temperature, thermal_resistance"],
        ),
        (RES, "{type: resistor, r: 1 kOhm, nosy: true}", ["3:43: models.res.nosy: unknown key 'nosy'; did you mean 'noisy'?"]),
        (RES, "{type: resistor, r: 1 kOhm, noisy: maybe}", ["3:50: models.res.noisy: expected true or false, got 'maybe'"]),
        (RES, "{type: capacitor, c: 1F}", ["3:36: models.res.c: 1F is out of range: above 0 F and at most 0.001 F"]),
        (RES, "{type: resistr, r: 1 kOhm}", ["3:22: models.res.type: unknown type 'resistr'; did you mean 'resistor'?"]),
        (RES, "{r: 1 kOhm}", ["3:10: models.res: needs 'card' (a card's name) or 'type' (a model type)"]),
        (
            RES, "{r: 1 kOhm}, ress: {type: resistor, r: 1 kOhm}",
            ["3:10: models.res: needs 'card' (a card's name) or 'type' (a model type); did you mean 'ress'?"],
        ),
        (RES, "{type: resistor, card: x}", ["3:10: models.res: has both 'card' and 'type'; a model has one of them"]),
        (RES, "resistor", ["3:15: models.res: expected a mapping, got 'resistor'"]),
        (RES, "{model: rez}", ["3:23: models.res.model: unknown model 'rez'; did you mean 'res'?"]),
        (RES, "{model: res}", ["3:23: models.res.model: model 'res' is defined by itself: res -> res"]),
        # instances
        ("model: res", "model: ros", ["5:24: instances.a.model: unknown model 'ros'; did you mean 'res'?"]),
        (
            "model: res", "modle: res",
            ["5:16: instances.a: needs one of 'model', 'type' and 'subcircuit'; did you mean 'model' by 'modle'?"],
        ),
        ("model: res", "r: 1 kOhm", ["5:16: instances.a: needs one of 'model', 'type' and 'subcircuit'"]),
        ("model: res", "model: res, type: resistor", ["5:16: instances.a: has both 'model' and 'type'; an instance has one of them"]),
        ("model: res", "type: resistr", ["5:23: instances.a.type: unknown type 'resistr'; did you mean 'resistor'?"]),
        ("subcircuit: cell", "subcircuit: cel", ["5:66: instances.b.subcircuit: unknown subcircuit 'cel'; did you mean 'cell'?"]),
        (
            "model: res", "model: res, parameters: {r: 1}",
            ["5:16: instances.a: 'parameters' is for subcircuits; parameters of a model stand beside 'model'"],
        ),
        ("model: res", "model: res, shpe: [4]", ["5:29: instances.a.shpe: unknown key 'shpe'; did you mean 'shape'?"]),
        ("model: res", "model: res, shape: [1, 2, 3]", ["5:36: instances.a.shape: expected at most 2 items, got 3"]),
        ("model: res", "model: res, shape: []", ["5:36: instances.a.shape: expected at least 1 item, got 0"]),
        ("model: res", "model: res, shape: [0]", ["5:37: instances.a.shape.0: 0 is out of range: at least 1"]),
        ("model: res", "model: res, shape: [two]", ["5:37: instances.a.shape.0: expected a whole number, got 'two'"]),
        ("model: res", "model: res, shape: 4", ["5:36: instances.a.shape: expected a list, got 4"]),
        ("model: res, pins: {p: x, n: 0}", "model: res, pins: [x, 0]", ["5:35: instances.a.pins: expected a mapping, got a list"]),
        ("n: 0}}, b", "n: 3}}, b", ["5:45: instances.a.pins.n: 3 is no net: write a name, or 0 for ground"]),
        ("n: 0}}, b", "n: }}, b", ["5:45: instances.a.pins.n: nothing is no net: write a name, or 0 for ground"]),
        ("{a: {model", "{a.b: {model", ["5:13: instances.a.b: 'a.b' cannot name an instance: use letters, digits and _"]),
        # subcircuits
        ("ports: [x], ", "", ["4:15: subcircuits.cell: missing 'ports': nets seen from outside, e.g. [x, drive]"]),
        ("ports: [x]", "ports: x", ["4:29: subcircuits.cell.ports: expected a list, got 'x'"]),
        ("parameters: {R: 1 kOhm}", "parameters: {R: 1 kOhmm}", ["4:50: subcircuits.cell.parameters.R: '1 kOhmm': unknown unit 'kOhmm'"]),
        (
            "parameters: {R: 1 kOhm}", "parameters: {R: '{R0}'}",
            ["4:50: subcircuits.cell.parameters.R: '{R0}': a default is a plain quantity; expressions stand where it is used"],
        ),
        ("R1: {type: resistor", "R1: {type: resister", ["4:82: subcircuits.cell.instances.R1.type: unknown type 'resister'; did you mean 'resistor'?"]),
    ],
)  # fmt: skip
def test_the_text_of_each_mistake(old: str, new: str, messages: list[str]) -> None:
    assert old in GOOD
    assert complaints(GOOD.replace(old, new, 1)) == [f"bad.yaml:{message}" for message in messages]


EDGES = "needs edges: one of 'lattice', 'edges', 'matrix', 'problem' and 'tables'"


@pytest.mark.parametrize(
    ("section", "messages"),
    [
        ("couplings: {c: {between: [a], model: res, lattice: {name: ring}}}", ["26: couplings.c.between: expected at least 2 items, got 1"]),
        ("couplings: {c: {between: [a, b], model: res}}", [f"16: couplings.c: {EDGES}"]),
        ("couplings: {c: {between: [a, b], lattice: {name: ring}}}", ["13: couplings.c: missing 'model': a name under 'models', or {type: resistor, r: 1 MOhm}"]),
        ("couplings: {c: {between: [a, b], model: 3, lattice: {name: ring}}}", ["41: couplings.c.model: expected a name under 'models', or a mapping such as {type: resistor, r: 1 MOhm}"]),
        ("couplings: {c: {between: [a, b], model: ros, lattice: {name: ring}}}", ["41: couplings.c.model: unknown model 'ros'; did you mean 'res'?"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {name: ring}, edges: x.csv}}", ["16: couplings.c: has both 'lattice' and 'edges'; edges come from one of them"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {}}}", ["55: couplings.c.lattice: needs one of 'name' and 'offsets', e.g. {name: G12, boundary: torus}"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {nam: ring, name: G8}}}", ["56: couplings.c.lattice.nam: unknown key 'nam'; did you mean 'name'?"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {name: ring, boundary: periodic}}}", ["78: couplings.c.lattice.boundary: 'periodic' is not one of open, torus"]),
        ("couplings: {c: {from: a, model: res, lattice: {name: ring}}}", ["16: couplings.c: needs either 'between: [a, b]', or 'from' and 'to'"]),
        ("couplings: {c: {between: [a, b], model: res, edges: x.txt}}", ["53: couplings.c.edges: 'x.txt': expected a file .csv, .npz, .mtx, .graphml, .gml or .edgelist"]),
        ("couplings: {c: {between: [a, b], model: res, matrix: [[1, 2], [3]]}}", ["54: couplings.c.matrix: rows have 1 and 2 entries; a matrix has rows of one length"]),
        ("couplings: {c: {between: [a, b], model: res, matrix: [[1, x]]}}", ["59: couplings.c.matrix.0.1: 'x': expected a plain number"]),
        ("couplings: {c: {between: [a, b], model: res, matrix: 5}}", ["54: couplings.c.matrix: 5: expected a file .npy or .csv"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {offsets: [[1, x]]}}}", ["70: couplings.c.lattice.offsets.0.1: expected a whole number, got 'x'"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {name: ring}, weight: heavy}}", ["77: couplings.c.weight: 'heavy': expected a plain number"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {name: ring}, weight: {seed: 1}}}", ["77: couplings.c.weight: needs one of 'normal' and 'choice', e.g. {normal: {mean: 0, sigma: 0.1}, seed: 1}"]),
        ("couplings: {c: {between: [a, b], model: res, lattice: {name: ring}, weight: {normal: {mean: 0}}}}", ["78: couplings.c.weight.normal: missing 'sigma': a plain number"]),
        ("couplings: {a: {between: [a, b], model: res, lattice: {name: ring}}}", ["13: couplings.a: 'a' names an instance too; every part has a name of its own"]),
        ("target: as_drwan", ["9: target: 'as_drwan' is not one of as_drawn, as_programmed; did you mean 'as_drawn'?"]),
        ("target: {gaussian_mixture: {means: [[1, 2], [3]], sigma: 1}}", ["28: target.gaussian_mixture: means have 1 and 2 entries; every mean has one for each net"]),
        ("target: {gaussian_mixture: {means: [[1, 2]], sigma: 0}}", ["53: target.gaussian_mixture.sigma: 0 is out of range: above 0"]),
        ("target: {gaussian_mixture: {means: [[1, 2]], sigma: 1, weights: [1, 1]}}", ["28: target.gaussian_mixture: 2 weights for 1 means"]),
        ("target: {gaussian_mixture: {sigma: 1}}", ["10: target.gaussian_mixture: missing 'means': a list of one mean per component"]),
        ("variation: {mismatch: {a.r: {sgma: 3}}}", ["30: variation.mismatch.a.r.sgma: unknown key 'sgma'; did you mean 'sigma'?"]),
        ("variation: {mismatch: {a.r: {}}}", ["29: variation.mismatch.a.r: needs one of 'sigma' and 'pelgrom', e.g. {sigma: 3 %} or {pelgrom: 3.4 mV*um, w: 1 um, l: 1 um}"]),
        ("variation: {process: {a.r: {pelgrom: 3 mV*um, w: 1 um}}}", ["28: variation.process.a.r: pelgrom needs the width 'w' and the length 'l' of the device"]),
        ("variation: {process: {a.r: {sigma: 3 %, w: 1 um}}}", ["28: variation.process.a.r: 'w' belongs to pelgrom; sigma stands alone"]),
        ("variation: {mismatch: {a.r: 3 %}}", ["29: variation.mismatch.a.r: expected a mapping, got '3 %'"]),
        ("variation: {seed: -1}", ["19: variation.seed: -1 is out of range: at least 0"]),
        ("updates: {order: subset}", ["10: updates: order subset needs the chance of a p-bit to be updated in a tick, e.g. chance: 0.1"]),
        ("updates: {chance: 0.1}", ["10: updates: 'chance' belongs to order subset; order coloured has none"]),
        ("updates: {order: parallel, rng: free}", ["10: updates: order parallel latches every RNG at every tick: held and free are one; leave 'rng' out"]),
        ("updates: {order: free, clock: ck}", ["10: updates: p-bits of order free have no clock; leave 'clock' out"]),
        ("updates: {order: free, rng: held}", ["10: updates: nothing holds an RNG of order free; leave 'rng' out"]),
        ("updates: {order: free, every: 3 sweeps}", ["10: updates: 'every' of order free is a time above zero, e.g. 100 ns"]),
        ("updates: {every: 3 ns}", ["10: updates: 'every' belongs to order free; order coloured is observed once a sweep"]),
        ("updates: {order: colored}", ["18: updates.order: 'colored' is not one of coloured, sequential, random, parallel, subset, free; did you mean 'coloured'?"]),
        ("updates: {rng: helt}", ["16: updates.rng: 'helt' is not one of held, free; did you mean 'held'?"]),
        ("updates: {beta: -1}", ["17: updates.beta: -1 is out of range: above 0"]),
        ("silence: {floats: ''}", ["19: silence.floats: say why it may stay"]),
        ("controllers: {d: {program: score, clock: ck, latncy: 1 cycle}}", ["46: controllers.d.latncy: unknown key 'latncy'; did you mean 'latency'?"]),
        ("controllers: {d: {program: score, clock: ck, latency: 1 sweep}}", ["55: controllers.d.latency: '1 sweep': expected a time or a number of cycles, e.g. 10 us or 5 cycles"]),
        ("controllers: {d: {clock: ck}}", ["15: controllers.d: missing 'program': between converters proportional, score, network; of p-bits calibrate (rounds, draws, step); or module:Class"]),
        ("controllers: {d: {program: score, clock: ck, arithmetic: fast}}", ["58: controllers.d.arithmetic: unknown model 'fast'; these exist: res"]),
        ("controllers: {d: {program: score, clock: ck, arithmetic: 3}}", ["58: controllers.d.arithmetic: expected a name under 'models', {card: ...} or {type: digital, ...}"]),
        ("library: 3", ["10: library: expected a list, got 3"]),
    ],
)  # fmt: skip
def test_the_text_of_mistakes_in_optional_sections(section: str, messages: list[str]) -> None:
    assert complaints(GOOD + section + "\n") == [f"bad.yaml:7:{message}" for message in messages]


def test_all_mistakes_are_reported_at_once() -> None:
    text = GOOD.replace("C0: 1 pF", "C0: 1 pFF").replace("model: res", "model: rus").replace("1 us", "1 V") + "x: 1\n"
    assert [line.split(": ")[1] for line in complaints(text)] == [
        "parameters.C0",
        "instances.a.model",
        "run.duration",
        "x",
    ]
    text = GOOD.replace("model: res", "model: rus").replace("type: resistor", "type: rex")
    assert [line.split(": ")[1] for line in complaints(text)] == [
        "models.res.type",
        "subcircuits.cell.instances.R1.type",
        "instances.a.model",
    ]
    text = text.replace("1 us", "1 V").replace("subcircuit: cell", "subcircuit: call, shape: [0]")
    assert [line.split(": ")[1] for line in complaints(text)] == [
        "models.res.type",
        "subcircuits.cell.instances.R1.type",
        "instances.a.model",
        "instances.b.shape.0",
        "run.duration",
    ]


def test_a_missing_file_lists_the_shipped_netlists(tmp_path: Path) -> None:
    with pytest.raises(NetlistError) as caught:
        load("nothing_of_that_name")
    text = str(caught.value)
    assert text.startswith("nothing_of_that_name: no such file; these shipped netlists exist: ")
    assert "smode4" in text
    with pytest.raises(
        NetlistError, match=r"^smode5: no such file; did you mean 'smode4'\? these shipped netlists exist: "
    ):
        load("smode5")


def test_a_directory_an_empty_file_and_a_picture_are_no_netlists(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    for name, message in [
        ("", f"{tmp_path}: '{tmp_path}' is a directory; expected a YAML file"),
        ("empty.yaml", f"{tmp_path}/empty.yaml:1:1: the file is empty; expected a mapping of keys to values"),
        ("picture.png", f"{tmp_path}/picture.png:1:1: not a text file: byte 0x89 is not UTF-8; expected YAML"),
    ]:
        with pytest.raises(NetlistError) as caught:
            load(tmp_path / name)
        assert str(caught.value) == message


SHIPPED = load("smode4").document.text
PIECES = [
    "",
    "{",
    "}",
    "[",
    "]",
    ":",
    " ",
    "\n",
    "- ",
    "0",
    "1e-3",
    "null",
    "{R0 / 2}",
    "'",
    "x[i]",
    "1 pF",
    "every 1 us",
    "type",
    "&a",
    "*a",
]


def attempt(text: str) -> tuple[Netlist | None, tuple[Problem, ...]]:
    try:
        return load_text(text, "bad.yaml"), ()
    except NetlistError as error:
        return None, error.problems


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SHIPPED)), st.integers(0, 12), st.sampled_from(PIECES))
def test_damage_anywhere_gives_a_netlist_or_messages(start: int, length: int, piece: str) -> None:
    """Whatever is written, the user reads messages with places and never a traceback."""
    text = SHIPPED[:start] + piece + SHIPPED[start + length :]
    netlist, problems = attempt(text)
    assert all(problem.where is not None and problem.message for problem in problems)
    assert (netlist is None) == (len(problems) > 0)
    if netlist is None:
        return
    more = Problems()
    for name in netlist.models:
        bind(name, ("models", name), netlist, more, netlist.parameters)
