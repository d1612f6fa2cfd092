"""Each lint fires on the netlist that it is about, says what to do, and is silent on its neighbour."""

from pathlib import Path

import pytest

from thermosim.circuit import assemble, elaborate, lint
from thermosim.circuit.lint import KNOWN
from thermosim.netlist import load_text

ANALOG = """
thermosim: 1
name: t
instances:
  C: {{type: capacitor, c: 1 pF, shape: [2], pins: {{p: "x[i]", n: 0}}}}
  R: {{type: resistor, r: 10 MOhm, shape: [2], pins: {{p: "x[i]", n: 0}}}}
  N: {{type: white_noise, psd: {psd}, shape: [2], pins: {{p: "x[i]", n: 0}}}}
  A: {{type: adc, bits: 8, reference: 0.5 V, latency: {latency}, {adc}pins: {{in: "x[1]", clock: ck, out: y}}}}
  D: {{type: dac, bits: 10, reference: 0.5 V, settling: 20 ns, pins: {{in: d, clock: ck, out: u}}}}
  K: {{type: clock, frequency: {clock}, pins: {{out: ck}}}}
  Rd: {{type: resistor, r: 10 MOhm, pins: {{p: u, n: "{drives}"}}}}
  Cz: {{type: capacitor, c: 1 pF, pins: {{p: z, n: 0}}}}
  Rz: {{type: resistor, r: 10 MOhm, pins: {{p: z, n: 0}}}}
couplings: {{c: {{between: [x, x], model: {{type: resistor, r: 20 MOhm}}, lattice: {{name: chain}}}}}}
{more}
run: {{duration: 1 ms, replicas: 2, record: {{x: every 1 us}}}}
"""
DEMON = "controllers: {k: {program: proportional, gain: 0, clock: ck, reads: {y: y}, writes: {d: d}}}"


def analog(psd="4e-21 A^2/Hz", latency="1 cycle", adc="", clock="10 MHz", more=DEMON, drives="x[0]"):
    return ANALOG.format(psd=psd, latency=latency, adc=adc, clock=clock, more=more, drives=drives)


BATHS = """
thermosim: 1
name: t
temperature: 300 K
instances:
  C: {{type: capacitor, c: 1 pF, shape: [2], pins: {{p: "x[i]", n: 0}}}}
  R: {{type: resistor, r: 1 MOhm, shape: [2], pins: {{p: "x[i]", n: 0}}}}
  Q: {{type: {coupler}, pins: {{p: "x[0]", n: "x[1]"}}}}
  {more}
run: {{duration: 1 ms, record: {{x: every 1 us}}}}
"""
COLD, NOISE = (
    "resistor, r: 1 MOhm, temperature: 3 K",
    "N: {type: white_noise, psd: 1e-26 A^2/Hz, pins: {p: 'x[0]', n: 0}}",
)


def baths(coupler=COLD, more=""):
    return BATHS.format(coupler=coupler, more=more)


PBITS = """
thermosim: 1
name: t
models:
  rng: {{type: cmos_rng, tau0: 100 ns, v_s: 26 mV}}
  wire: {{type: synapse, bits: 4, j_max: {j_max}, v_dd: {v_dd}}}
instances:
  s: {{model: rng, shape: [4, 4], bias: 0.1}}
  K: {{type: clock, frequency: {clock}, pins: {{out: ck}}}}
couplings: {{g: {{between: [s, s], model: wire, lattice: {{name: square, boundary: torus}}, weight: {weight}}}}}
updates: {{clock: ck, rng: {rng}}}
{more}
run: {{duration: 10 sweeps, replicas: 2}}
"""


def pbits(j_max="0.7", v_dd="300 mV", clock="2 MHz", weight="0.5", rng="held", more=""):
    return PBITS.format(j_max=j_max, v_dd=v_dd, clock=clock, weight=weight, rng=rng, more=more)


MOVING = """
thermosim: 1
name: t
generators: {{g: {{rate: {rate}, points: [[0 s, 1], [1 ms, 2]], between: lines}}}}
instances:
  K: {{type: clock, frequency: {clock}, pins: {{out: ck}}}}
  S: {{type: switch, r_on: 1 kOhm, r_off: {off}, duty: 0.25, pins: {{p: u, n: x, clock: ck}}}}
  V: {{type: voltage_source, v: 1 V, gain: g, pins: {{p: u, n: 0}}}}
  C: {{type: capacitor, c: 1 nF, pins: {{p: x, n: 0}}}}
  R: {{type: resistor, r: 10 kOhm, pins: {{p: x, n: 0}}}}
run: {{duration: 1 ms, replicas: 2, record: {{x: every 1 us}}}}
"""


def moving(rate="1 MHz", clock="40 kHz", off="1 GOhm"):
    return MOVING.format(rate=rate, clock=clock, off=off)


def rules(text: str) -> dict[str, str]:
    circuit = elaborate(load_text(text, "t.yaml"))
    found: dict[str, str] = {}
    for problem in lint(circuit, assemble(circuit)):
        found[problem.rule or ""] = f"{found.get(problem.rule or '', '')}{problem}\n"
    return {rule: lines.rstrip() for rule, lines in found.items()}


@pytest.mark.parametrize("text", [analog(), pbits(), moving()])
def test_a_sound_chip_has_none(text: str):
    assert rules(text) == {}


HOT = "H: {type: resistor, r: 1 MOhm, temperature: 600 K, pins: {p: 'x[0]', n: 0}}"


@pytest.mark.parametrize(
    "text",
    [
        baths(COLD.replace("3 K", "300 K")),  # one temperature
        baths("capacitor, c: 1 pF", "D: {type: resistor, r: 1 MOhm, temperature: 600 K, pins: {p: z, n: 0}}\n"
              "  E: {type: capacitor, c: 1 pF, pins: {p: z, n: 0}}\n"
              "  F: {type: capacitor, c: 1 pF, pins: {p: z, n: 'x[0]'}}"),  # two, and all is seen
        baths(more=NOISE),  # a source that plainly works
    ],
)  # fmt: skip
def test_heat_that_voltages_show_or_sources_make_is_not_hidden(text: str):
    assert "hidden-dissipation" not in rules(text)
    assert "hidden-dissipation" in rules(baths("capacitor, c: 1 pF", HOT)), "two baths at one node: nothing is seen"


@pytest.mark.parametrize(
    ("rule", "text", "says"),
    [
        ("equilibrium", analog(psd="0 A^2/Hz", adc="levels: null, "), "independent at equal times with variance kT/C"),
        ("adc-range", analog(psd="4e-24 A^2/Hz", drives="z"), "below one LSB of 3.906 mV: codes will freeze"),
        ("adc-range", analog(psd="4e-20 A^2/Hz", drives="z"), "above a quarter of the reference 500 mV: it will clip"),
        (
            "sampler-loading",
            analog(adc="sample_capacitance: 50 fF, buffered: false, "),
            "sampler of 50 fF loads 'x[1]' (1 pF)",
        ),
        ("loop-latency", analog(latency="4 cycles"), "its loop latency of 420 ns exceeds a tenth"),
        ("loop-latency", analog(clock="1 MHz", latency="10 ns"), "its tick of 1 us exceeds a tenth"),
        ("loop-latency", analog(latency="310 ns"), "its loop latency of 420 ns"),  # waits for the next edge
        ("hidden-dissipation", baths(), "Q: it takes 2.73 fW from warmer resistors, and the voltages of 'x[0]' hide"),
        ("hidden-dissipation", baths(COLD.replace("3 K", "0 K")), "it takes 2.76 fW from warmer resistors"),
        ("rng-memory", pbits(clock="5 MHz"), "read every 200 ns but relaxes in 100 ns: it keeps 0.135"),
        ("rng-free", pbits(rng="free"), "does not sample the Boltzmann law"),
        ("switch-settling", moving(clock="100 kHz"), "it is closed for 2.5 us, 2.5 times its r_on C of 1 us: 8.21 %"),
        ("switch-leak", moving(off="1 MOhm"), "it is open for 18.75 us and its r_off C is 1 ms: 1.88 %"),
        ("coarse-stairs", moving(rate="90 kHz"), "updated every 11.11 us and the network of 'x' relaxes in 10 us"),
        ("budget", pbits(v_dd="150 mV"), "16 of 16 p-bits want more than the bias circuit can give"),
        ("weights-lost", pbits(weight="0.02"), "32 of 32 weights are quantised to zero (step 0.1)"),
        ("weights-lost", pbits(weight="0.8", v_dd="1 V"), "32 of 32 weights exceed j_max = 0.7 and are clipped"),
    ],
)
def test_each_lint_fires(rule: str, text: str, says: str):
    found = rules(text)
    assert says in found[rule]
    assert found[rule].startswith("t.yaml:")
    assert found[rule].endswith(f"[{rule}]")


def test_a_lint_is_silenced_by_name_with_a_reason():
    text = pbits(clock="5 MHz", more='silence: {rng-memory: "speed is what we study"}')
    assert rules(text) == {}
    notes = assemble(elaborate(load_text(text, "t.yaml"))).notes
    assert "lint 'rng-memory' is silenced: speed is what we study" in notes


def test_silencing_what_does_not_exist_is_itself_a_finding():
    assert "no lint is called 'rng-memori'" in rules(pbits(more='silence: {rng-memori: "x"}'))[""]


def test_p_bits_that_couple_to_nothing_are_told():
    """Of an array whose others couple; where nothing couples that was meant."""
    lattice = "lattice: {name: square, boundary: torus}, weight: 0.5"
    rows = [[0.0] * 16 for _ in range(16)]
    rows[0][1] = rows[1][0] = 0.5
    assert lattice in pbits()
    one = rules(pbits().replace(lattice, f"matrix: {rows}"))
    assert "14 of its 16 elements couple to nothing, s[0,2] among them" in one["uncoupled"]
    couplings = next(line for line in pbits().splitlines() if line.startswith("couplings"))
    assert "uncoupled" not in rules(pbits().replace(couplings + "\n", ""))


TWICE = """
thermosim: 1
name: t
models:
  rng: {type: cmos_rng, tau0: 100 ns, v_s: 26 mV}
  wire: {type: synapse}
subcircuits:
  gate:
    ports: []
    instances: {a: {model: rng}, y: {model: rng, shape: [2]}}
    couplings:
      one: {between: [a, y], model: wire, matrix: [[1, 0.5]]}
      two: {between: [y, a], model: wire, matrix: [[0], [-0.125]]}
instances:
  s: {model: rng, shape: [4]}
  t: {model: rng, shape: [2]}
  g: {subcircuit: gate}
  h: {subcircuit: gate}
  K: {type: clock, frequency: 2 MHz, pins: {out: ck}}
couplings:
  line: {between: [s, s], model: wire, lattice: {name: chain}, weight: 0.5}
  jump: {between: [s, s], model: wire, matrix: [[0, 0, 0.25, 0], [0, 0, 0, 0], [0.25, 0, 0, 0], [0, 0, 0, 0]]}
  more: {between: [s, s], model: wire, lattice: {name: chain}, weight: 0.25}
  gate: {between: [g.a, g.y], model: wire, matrix: [[1, 0]]}
  down: {from: s, to: t, model: wire, matrix: [[1, 0], [0, 0], [0, 0], [0, 0]]}
  up: {from: t, to: s, model: wire, matrix: [[1, 0, 0, 0], [0, 0, 0, 0]]}
updates: {clock: ck, order: parallel}
run: {duration: 10 us, replicas: 2}
"""


def test_pairs_that_are_coupled_twice_are_told():
    """Once for both copies of a subcircuit; not where a coupling outside joins its p-bits, nor one each way."""
    assert rules(TWICE)["coupled-twice"] == (
        "t.yaml:13:12: couplings.g.two: g.a and g.y[1] are coupled by 'g.one' (0.5, t.yaml:12:12) and by 'g.two' "
        "(-0.125, t.yaml:13:12), which add up to 0.375; couple a pair once, by the sum [coupled-twice]\n"
        "t.yaml:23:9: couplings.more: s[0] and s[1] are coupled by 'line' (0.5, t.yaml:21:9) and by 'more' "
        "(0.25, t.yaml:23:9), which add up to 0.75; couple a pair once, by the sum; the same holds for 2 more "
        "[coupled-twice]"
    )


def test_every_lint_has_a_line_in_the_reference():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "lints.md").read_text()
    assert all(f"| `{name}` |" in page for name in KNOWN)
