"""Hierarchy, arrays, couplings and dies: what a netlist says is what the circuit holds."""

import numpy as np
import pytest

from thermosim.circuit import assemble, elaborate
from thermosim.errors import NetlistError
from thermosim.netlist import load_text

HEAD = "thermosim: 1\nname: t\n"
RUN = "run: {duration: 1 ms, replicas: 2, record: {x: every 1 us}}\n"

NESTED = (
    HEAD
    + """
parameters: {C0: 2 pF}
subcircuits:
  leak:
    ports: [a]
    parameters: {R: 1 MOhm}
    instances:
      R: {type: resistor, r: "{R}", pins: {p: a, n: 0}}
  cell:
    ports: [x]
    parameters: {C: 1 pF, R: 3 MOhm}
    instances:
      C: {type: capacitor, c: "{C}", pins: {p: x, n: mid}}
      Cm: {type: capacitor, c: "{C / 4}", pins: {p: mid, n: 0}}
      L: {subcircuit: leak, parameters: {R: "{2 * R}"}, pins: {a: mid}}
      Lx: {subcircuit: leak, pins: {a: x}}
instances:
  m: {subcircuit: cell, shape: [2, 3], parameters: {C: "{C0 * (1 + i + 10 * j)}"}, pins: {x: "x[i, j]"}}
"""
    + RUN
)


def test_subcircuits_nest_and_their_parameters_flow_inwards():
    circuit = elaborate(load_text(NESTED, "t.yaml"))
    assert circuit.instances["m[1,2].C"].drawn["c"][0] == pytest.approx(2e-12 * 22)
    assert circuit.instances["m[1,2].Cm"].drawn["c"][0] == pytest.approx(2e-12 * 22 / 4)
    assert circuit.instances["m[1,2].L.R"].drawn["r"][0] == pytest.approx(6e6)
    assert circuit.instances["m[1,2].Lx.R"].drawn["r"][0] == pytest.approx(1e6)
    assert circuit.instances["m[0,1].L.R"].pins == {"p": ("m[0,1].mid",), "n": ("0",)}
    islands = assemble(circuit).islands
    assert [island.nodes for island in islands][:2] == [("m[0,0].mid", "x[0,0]"), ("m[0,1].mid", "x[0,1]")]


def test_a_lattice_of_resistors_joins_neighbours_once():
    text = HEAD + """
instances:
  C: {type: capacitor, c: 1 pF, shape: [4], pins: {p: "x[i]", n: 0}}
couplings:
  chain: {between: [x, x], model: {type: resistor, r: 2 MOhm}, lattice: {name: chain}}
  tip: {between: [x, g], model: {type: resistor, r: 5 MOhm}, matrix: [[1], [0], [0], [0]]}
""" + RUN  # fmt: skip
    text = text.replace(
        "instances:\n", 'instances:\n  G: {type: capacitor, c: 3 pF, shape: [1], pins: {p: "g[i]", n: 0}}\n'
    )
    (island,) = assemble(elaborate(load_text(text, "t.yaml"))).islands
    assert island.nodes == ("g[0]", "x[0]", "x[1]", "x[2]", "x[3]")
    chain = 0.5e-6 * np.array([[1, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 1]])
    tip = 0.2e-6 * np.array([[1, -1], [-1, 1]])
    expected = np.zeros((5, 5))
    expected[1:, 1:] += chain
    expected[:2, :2] += tip
    np.testing.assert_allclose(island.drawn.conductance, expected, atol=1e-18)


GRID = HEAD + """
models: {rng: {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}, wire: {type: synapse, bits: 3, j_max: 0.6}}
instances:
  s: {model: rng, shape: [4, 6], bias: "{0.01 * i + 0.1 * j}"}
  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  grid:
    between: [s, s]
    model: wire
    lattice: {name: square, boundary: torus}
    weight: {normal: {mean: 0.1, sigma: 0.2}, seed: 3}
variation: {seed: 7,
  mismatch: {s.offset: {sigma: 2 mV}, s.gain: {sigma: 5 %}, grid.weight: {sigma: 1 %}},
  process: {s.tau0: {sigma: 20 %}}}
updates: {clock: ck}
run: {duration: 100 sweeps, burn_in: 10 sweeps, replicas: 2}
"""  # fmt: skip


def test_p_bits_get_their_bias_weights_colours_and_die():
    circuit = elaborate(load_text(GRID, "t.yaml"))
    program = assemble(circuit)
    (fabric,) = program.fabrics
    assert (fabric.nodes, fabric.colours, len(fabric.drawn.edges)) == (24, 2, 48)
    np.testing.assert_allclose(fabric.drawn.biases.reshape(4, 6)[2, 5], 0.52)
    step = 0.6 / 3
    np.testing.assert_allclose(fabric.programmed.weights / step, np.round(fabric.programmed.weights / step), atol=1e-12)
    assert np.max(np.abs(fabric.programmed.weights)) <= 0.6 + 1e-12
    assert np.max(np.abs(fabric.drawn.weights - fabric.programmed.weights)) > step / 4
    relative = (
        fabric.actual.weights[fabric.programmed.weights != 0]
        / fabric.programmed.weights[fabric.programmed.weights != 0]
    )
    assert 0.005 < np.std(relative) < 0.02
    offset = circuit.instances["s"].actual["offset"]
    gain = circuit.instances["s"].actual["gain"]
    np.testing.assert_allclose(fabric.shift, -gain * offset / 26e-3)
    np.testing.assert_allclose(fabric.slope, gain)
    assert len(set(fabric.relaxation)) == 1  # one process draw for the die
    np.testing.assert_allclose(fabric.memory, np.exp(-500e-9 / fabric.relaxation))
    assert program.burn_in == 10 * 2 * 500_000_000
    assert program.duration == 100 * 2 * 500_000_000


def test_dies_differ_and_a_die_is_itself():
    netlist = load_text(GRID, "t.yaml")
    shifts = [assemble(elaborate(netlist, die=die)).fabrics[0].shift for die in (0, 1, 0)]
    np.testing.assert_array_equal(shifts[0], shifts[2])
    assert np.max(np.abs(shifts[0] - shifts[1])) > 0


def test_reordering_the_file_and_adding_a_stranger_changes_no_draw():
    first = assemble(elaborate(load_text(GRID, "t.yaml"))).fabrics[0]
    clock = "  clock: {type: clock, frequency: 2 MHz, pins: {out: ck}}\n"
    stranger = (
        "  a: {model: rng, shape: [2], bias: 0}\n"
        "  q: {type: capacitor, c: 1 pF, pins: {p: z, n: 0}}\n"
        "  r: {type: resistor, r: 1 MOhm, pins: {p: z, n: 0}}\n"
    )
    text = GRID.replace(clock, "").replace("instances:\n", f"instances:\n{clock}{stranger}")
    text = text.replace("100 sweeps", "100 us").replace("10 sweeps", "10 us")
    other = assemble(elaborate(load_text(text, "t.yaml")))
    second = next(fabric for fabric in other.fabrics if fabric.path == "s")
    np.testing.assert_array_equal(first.shift, second.shift)
    np.testing.assert_array_equal(first.drawn.weights, second.drawn.weights)


def test_a_corner_multiplies_and_pelgrom_scales_with_area():
    text = GRID.replace("variation: {seed: 7,", "variation: {corner: slow, corners: {slow: {s.tau0: 1.5}}, seed: 7,")
    text = text.replace("s.offset: {sigma: 2 mV}", "s.offset: {pelgrom: 4 mV*um, w: 1 um, l: 4 um}")
    text = text.replace(",\n  process: {s.tau0: {sigma: 20 %}}", "")
    wide = elaborate(load_text(text, "t.yaml"))
    plain = elaborate(load_text(GRID, "t.yaml"))
    np.testing.assert_allclose(wide.instances["s"].actual["tau0"], 150e-9)
    np.testing.assert_allclose(wide.instances["s"].actual["offset"], plain.instances["s"].actual["offset"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("s.offset:", "t.offset:", "'t' is no instance or coupling"),
        ("s.offset:", "s.ofset:", "'ofset' of 's' cannot vary; did you mean 'offset'?"),
        ("sigma: 2 mV", "sigma: 2 mA", "'2 mA': expected V with an optional SI prefix"),
        ("between: [s, s]", "between: [s, t]", "'t' is no array of p-bits"),
        ("model: wire", "model: {type: clock, frequency: 1 MHz}", "'clock' cannot couple"),
        ("updates: {clock: ck}", "updates: {clock: kc}", "no clock drives net 'kc'"),
        ("s.tau0: {sigma: 20 %}", "s.tau0: {sigma: 2000 %}", "the spread is too wide"),
    ],
)
def test_mistakes_are_named(old: str, new: str, message: str):
    with pytest.raises(NetlistError) as caught:
        assemble(elaborate(load_text(GRID.replace(old, new), "t.yaml")))
    assert message in str(caught.value)
    assert "t.yaml:" in str(caught.value)


def test_a_larger_supply_states_what_it_costs() -> None:
    text = GRID.replace("{type: cmos_rng, tau0: 100 ns, v_s: 26 mV}", "{card: cmos_rng/extropic2025, v_s: 26 mV}")
    text = text.replace("j_max: 0.6}", "j_max: 0.6, v_dd: 206.8 mV}")
    program = assemble(elaborate(load_text(text, "t.yaml")))
    bias = next(row.price for row in program.prices if row.price.action == "bias")
    assert bias.joules == pytest.approx(4 * 0.1106e-15, rel=1e-3)
    assert "multiplies its bias energy by 4; it buys a coupling budget" in program.notes[0]


def test_elements_that_differ_in_more_than_numbers_stand_alone() -> None:
    text = HEAD + """
parameters: {T0: 300 K, N0: 1 mV}
instances:
  C: {type: capacitor, c: 1 pF, shape: [3], pins: {p: "x[i]", n: 0}}
  R: {type: resistor, r: 1 MOhm, shape: [3], temperature: "{T0 * (1 + i)}", pins: {p: "x[i]", n: 0}}
  A:
    type: adc
    shape: [3]
    bits: "{6 + i}"
    noise: "{N0 * i}"
    reference: 0.5 V
    latency: 1 cycle
    pins: {in: "x[i]", clock: ck, out: "y[i]"}
  K: {type: clock, frequency: 10 MHz, pins: {out: ck}}
""" + RUN  # fmt: skip
    program = assemble(elaborate(load_text(text, "t.yaml")))
    noise = [float(island.drawn.noise[0, 0]) for island in program.islands]
    np.testing.assert_allclose(np.array(noise) / noise[0], [1, 2, 3])
    assert [(bank.path, bank.bits, bank.input_noise) for bank in program.adcs] == [
        ("A[0]", 6, 0.0), ("A[1]", 7, 1e-3), ("A[2]", 8, 2e-3)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("shape: [4, 6]", "shape: [100000, 100000]", "1e+10 elements are more than a chip of this program can have"),
        ("{sigma: 2 mV}", "{pelgrom: 4 mV*um, w: 0 um, l: 1 um}", "a device of w = 0 um and l = 1 um has no area"),
        ("seed: 7,", "corner: c, corners: {c: {s.offset: 2}}, seed: 7,", "'offset' of 's' is 0, so a corner's factor"),
        ("duration: 100 sweeps", "duration: 1e15 sweeps", "end past the limit of 2.5 hours"),
        (
            "100 sweeps, burn_in: 10 sweeps",
            "2000 s, burn_in: 8000 s",
            "end past the limit of 2.5 hours",
        ),
        ("replicas: 2}", "replicas: 2, record: {s: every 200 sweeps}}", "the recording interval is longer than"),
    ],
)
def test_more_mistakes_are_named(old: str, new: str, message: str) -> None:
    text = GRID.replace(old, new)
    with pytest.raises(NetlistError) as caught:
        assemble(elaborate(load_text(text, "t.yaml")))
    assert message in str(caught.value)


def test_p_bits_of_an_array_have_one_price() -> None:
    text = GRID.replace('bias: "{0.01 * i + 0.1 * j}"', 'bias: 0, e_rng: "{E0 * (1 + i)}"')
    text = text.replace("name: t\n", "name: t\nparameters: {E0: 1 fJ}\n")
    with pytest.raises(NetlistError, match="may differ in bias, gain, offset, tau0, v_s and in nothing else"):
        assemble(elaborate(load_text(text, "t.yaml")))


def test_every_sweep_is_in_the_window_whatever_the_period() -> None:
    for frequency in ("12 MHz", "7 MHz", "3 MHz"):
        text = GRID.replace("2 MHz", frequency)
        program = assemble(elaborate(load_text(text, "t.yaml")))
        clock = program.fabrics[0].clock
        assert clock.edge(20) == program.burn_in
        assert clock.edge(220) == program.burn_in + program.duration


def test_one_bias_circuit_has_one_supply() -> None:
    second = "  two: {between: [s, s], model: {type: synapse, v_dd: 1 V}, lattice: {name: king}, weight: 0.1}\n"
    text = GRID.replace("couplings:\n", f"couplings:\n{second}")
    with pytest.raises(NetlistError, match="state different supplies v_dd"):
        assemble(elaborate(load_text(text, "t.yaml")))
