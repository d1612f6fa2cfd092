"""P-bits with inner state in a netlist: only the line of the model changes, what is not built is refused by name."""

import pytest

from thermosim.circuit import assemble, elaborate, lint
from thermosim.errors import NetlistError
from thermosim.netlist import load_text

DEVICES = {
    "design1": "{type: design1, v0: 50 mV, tau_n: 150 ps, tau_t: 3 ps, i_mtj: 0 A, i_s0: 120 uA}",
    "design2": "{type: design2, v0: 50 mV, tau_n: 150 ps}",
    "macrospin": "{type: macrospin, orientation: perpendicular, m_s: 300 kA/m, diameter: 15 nm, thickness: 0.5 nm, "
    "alpha: 0.1, h_k: 0 A/m, transconductance: 11 uS}",
    "cmos_rng": "{type: cmos_rng, tau0: 150 ps, v_s: 25 mV}",
}
CHIP = """\
thermosim: 1
models:
  rng:  @DEVICE@
  wire: {type: synapse, settling: 1 ps}
instances:
  a: {model: rng, shape: [2], bias: 0.2}
  clock: {type: clock, frequency: 1 GHz, pins: {out: ck}}
couplings:
  aa: {between: [a, a], model: wire, matrix: [[0, 0.5], [0.5, 0]]}
updates: @UPDATES@
run: {duration: 20 ns, replicas: 2}
"""
FREE, LATCHED = "{order: free, every: 1 ns}", "{order: coloured, clock: ck, rng: free}"


def program(device, updates=FREE, changes=()):
    text = CHIP.replace("@DEVICE@", DEVICES[device]).replace("@UPDATES@", updates)
    for old, new in dict(changes).items():
        assert old in text
        text = text.replace(old, new)
    circuit = elaborate(load_text(text))
    made = assemble(circuit)
    return made, lint(circuit, made)


@pytest.mark.parametrize("updates", [FREE, LATCHED])
@pytest.mark.parametrize("device", DEVICES)
def test_only_the_line_of_the_model_changes(device, updates):
    made, lints = program(device, updates)
    fabric = made.fabrics[0]
    assert [item.kind for item in fabric.inner] == ([] if device == "cmos_rng" else [device])
    assert not any(lint.rule == "rng-free" for lint in lints) or device == "cmos_rng"
    assert (fabric.steps > 1) == (device != "cmos_rng")


def test_steps_are_half_of_the_longest_or_as_wanted():
    assert program("design1")[0].fabrics[0].steps == 667  # 1 ns in steps of 0.01 of 150 ps
    assert program("design1", "{order: free, every: 1 ns, step: 2.5 ps}")[0].fabrics[0].steps == 400


REFUSED = {
    "long step": (
        "design1", "{order: free, every: 1 ns, step: 10 ps}", {},
        "netlist.yaml:10:43: updates.step: a step of 10 ps is too long for a: step <= 0.02 tau_n exp(-i_mtj/i_s0) "
        "allows 3 ps",
    ),
    "long step of a magnet": (
        "macrospin", "{order: free, every: 1 ns, step: 90 ps}", {},
        "netlist.yaml:10:43: updates.step: a step of 90 ps is too long for a: step x g0 H <= 0.3 (precession) "
        "allows 77.88 ps; step x lambda <= 0.005 (diffusion) allows 917.7 fs",
    ),
    "step of nobody": (
        "cmos_rng", "{order: free, every: 1 ns, step: 1 ps}", {},
        "netlist.yaml:10:43: updates.step: no p-bit has an inner state that is integrated in steps; leave 'step' out",
    ),
    "held": (
        "design1", "{order: coloured, clock: ck}", {},
        "netlist.yaml:10:10: updates.rng: nothing holds a design1 between its readings; say rng: free, and wait long "
        "enough between them",
    ),
    "order": (
        "design2", "{order: random, clock: ck, rng: free}", {},
        "netlist.yaml:10:18: updates.order: p-bits with inner state (design2) are not built for order random; free, "
        "coloured, sequential are",
    ),
    "delay": (
        "design2", FREE, {"settling: 1 ps": "delay: 1 ps"},
        "netlist.yaml:9:32: couplings.aa: a delay is not built for p-bits with inner state; 'settling' is",
    ),
    "two kinds": (
        "design2", FREE, {
            "  wire:": f"  other: {DEVICES['design1']}\n  wire:",
            "  clock:": "  b: {model: other, shape: [2]}\n  clock:",
            "couplings:": "couplings:\n  ab: {between: [a, b], model: wire, matrix: [[1, 0], [0, 1]]}",
        },
        "netlist.yaml:7:6: a: coupled p-bits need one kind of inner state; these meet: design1, design2",
    ),
    "spin current in the plane": (
        "macrospin", FREE, {"orientation: perpendicular": "orientation: in_plane, n_normal: 1"},
        "netlist.yaml:3:9: models.rng: a spin current in the plane of a film is not built as an input: it must "
        "overcome the demagnetising field and has no law in closed form; use field_per_volt, or orientation: "
        "perpendicular",
    ),
    "without noise": (
        "macrospin", FREE, {"models:": "temperature: 0 K\nmodels:"},
        "netlist.yaml:7:6: a: a macrospin at 0 K answers without noise and is no p-bit; say a temperature above 0 K",
    ),
    "wells in the plane": (
        "macrospin", FREE, {
            "orientation: perpendicular": "orientation: in_plane, n_normal: 1", "transconductance: 11 uS":
            "field_per_volt: 100 kA/m/V", "h_k: 0 A/m": "h_k: 400 kA/m",
        },
        "netlist.yaml:6:6: a: a barrier of 1.61 kT in the plane is not built: its relaxation has no closed form above "
        "1 kT; use orientation: perpendicular, or the telegraph (mtj)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_built_is_refused_by_name(case):
    device, updates, changes, message = REFUSED[case]
    with pytest.raises(NetlistError) as caught:
        program(device, updates, changes)
    assert str(caught.value) == message
