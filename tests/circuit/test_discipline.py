"""The program knows which update order samples Boltzmann's law, says why another does not, and builds either."""

from dataclasses import replace

import numpy as np
import pytest

from thermosim.circuit import assemble, elaborate, lint
from thermosim.circuit.discipline import discipline, fastest_flip
from thermosim.errors import NetlistError
from thermosim.ideal import exact
from thermosim.models.curves import LOGISTIC
from thermosim.models.pbit import Barriers
from thermosim.netlist import load_text

CHIP = """
thermosim: 1
name: t
models:
  rng: {{type: cmos_rng, tau0: 100 ns, v_s: 26 mV, rtn: {rtn}, e_rng: 1 fJ, eta: 1 pF/m, pitch: 1 um, v_sig: 1 V}}
  wire: {{type: synapse, {wire}}}
instances:
  s: {{model: rng, shape: [3], bias: 0.2{pins}}}
  K: {{type: clock, frequency: 2 MHz, pins: {{out: ck}}}}
couplings: {{g: {{between: [s, s], model: wire, lattice: {{name: {lattice}}}, weight: 0.5}}}}
updates: {{{updates}}}
run: {{duration: {duration}, replicas: 2, record: {{s: {every}}}}}
"""


def chip(
    updates="clock: ck", wire="bits: 6, j_max: 1", rtn="const", duration="30 sweeps", every="every 1 sweep",
    lattice="chain", pins="",
):  # fmt: skip
    text = CHIP.format(updates=updates, wire=wire, rtn=rtn, duration=duration, every=every, lattice=lattice, pins=pins)
    circuit = elaborate(load_text(text, "t.yaml"))
    return circuit, assemble(circuit)


def free(updates="order: free", **changes):
    return chip(updates, **({"duration": "30 us", "every": "every 200 ns"} | changes))


@pytest.mark.parametrize(
    ("updates", "exact", "reason"),
    [
        ("clock: ck", True, ""),
        ("clock: ck, order: sequential", True, ""),
        ("clock: ck, order: random", True, ""),
        ("clock: ck, order: parallel", False, "updated at one instant, each from the others' old values"),
        ("clock: ck, order: subset, chance: 0.1", False, "updates 0.1 of the p-bits at one instant"),
        ("clock: ck, rng: free", False, "see other colours move"),
        ("clock: ck, order: random, rng: free", False, "see other colours move"),
    ],
)
def test_clocked_orders(updates, exact, reason):
    circuit, program = chip(updates)
    known = discipline(program.fabrics[0])
    assert known.boltzmann is exact
    assert reason in known.reason
    assert any(reason in note for note in program.notes) is (not exact)
    rules = {problem.rule for problem in lint(circuit, program)}
    assert rules == (set() if exact else {"rng-free"} if "rng" in updates else {"update-order"})


def test_ticks_of_a_sweep():
    expected = {"coloured": 2, "sequential": 3, "random": 3, "parallel": 1}
    for order, ticks in expected.items():
        _, program = chip(f"clock: ck, order: {order}")
        assert program.fabrics[0].ticks == ticks
        assert program.duration == 30 * ticks * 500_000_000


def test_an_odd_ring_takes_three_colours_and_says_so():
    _, program = chip(lattice="ring")
    assert program.fabrics[0].colours == 3
    assert any("close odd loops" in note and "3 ticks" in note for note in program.notes)
    assert not any("odd loops" in note for note in chip()[1].notes)


def test_free_running_without_lag_is_boltzmann():
    for rtn in ("const", "arrhenius"):
        circuit, program = free(rtn=rtn)
        assert discipline(program.fabrics[0]).boltzmann
        assert lint(circuit, program) == ()
        fabric = program.fabrics[0]
        assert fabric.arrhenius == (() if rtn == "const" else (True,) * 3)
        assert fabric.clock.period == pytest.approx(1e-7)
        assert program.probes[0].every == 2
        assert {row.price.action for row in program.prices} == {"rng", "wire", "bias", "write"}, (
            "there is no clock to be paid"
        )


def test_a_slow_synapse_is_told():
    # The middle one: sum |J| + |h| = 1.2 (weights in steps of 1/31), constant rates up to sigmoid(2.4) / tau0.
    load = 2 * round(0.5 * 31) / 31 + 0.2
    rates = {"const": 1e7 / (1 + np.exp(-2 * load)), "arrhenius": 5e6 * np.exp(load)}
    for rtn, rate in rates.items():
        assert fastest_flip(free(rtn=rtn)[1].fabrics[0]) == pytest.approx(rate, rel=1e-12)
        for factor in (0.9, 1.1):
            lag = factor * 0.05 / rate * 1e12
            for wire in (f"settling: {lag:.4f} ps", f"delay: {lag:.4f} ps"):
                circuit, program = free(wire=f"bits: 6, j_max: 1, {wire}", rtn=rtn)
                assert not discipline(program.fabrics[0]).boltzmann
                assert {problem.rule for problem in lint(circuit, program)} == (
                    {"slow-synapse"} if factor > 1 else set()
                )


def test_clocked_slots_are_long_enough_for_their_synapses():
    for settling, rules in (("100 ns", set()), ("120 ns", {"slow-synapse"})):  # 460 and 550 ns to 1 % in 500 ns
        circuit, program = chip(wire=f"settling: {settling}")
        assert {problem.rule for problem in lint(circuit, program)} == rules


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"duration": "30 sweeps"}, "free-running p-bits have no sweeps; give a time"),
        ({"every": "every 2 sweeps"}, "free-running p-bits, which have no sweeps"),
        ({"every": "every 150 ns"}, "observed every 100 ns"),
        ({"pins": ", pins: {clock: ck}"}, "p-bits of order free have no clock"),
        (
            {"updates": "clock: ck", "rtn": "arrhenius", "duration": "3 sweeps", "every": "every 1 sweep"},
            "built for order free",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(NetlistError, match=message):
        free(**changes)


RAMP = CHIP + "schedule: {{beta: {{from: 0.1, to: 1, sweeps: 20}}}}\n"
JUNCTIONS = "\n".join("  rng: {{card: mtj/telegraph_ns}}" if "rng: {" in line else line for line in CHIP.splitlines())


def built(text, order):
    clocked = not order.startswith("free")
    every = "every 1 sweep" if clocked else "every 100 ns"
    updates = f"order: {order}, clock: ck" if clocked else f"order: {order}, every: 100 ns"
    text = text.format(
        updates=updates, wire="bits: 6, j_max: 1", rtn="const", duration="30 sweeps" if clocked else "30 us",
        every=every, lattice="chain", pins="",
    )  # fmt: skip
    return assemble(elaborate(load_text(text, "t.yaml"))).fabrics[0]


@pytest.mark.parametrize("order", ["free", "random", "parallel", "subset, chance: 0.5"])
def test_barriers_keep_to_the_orders_that_go_colour_by_colour_and_schedules_to_a_clock(order):
    name = order.split(",")[0]
    if name == "free":
        with pytest.raises(NetlistError, match="a schedule of beta is not built for order free"):
            built(RAMP, order)
    else:
        assert len(built(RAMP, order).schedule) == 20
    with pytest.raises(NetlistError, match=f"depend on the bias are not built for order {name}"):
        built(JUNCTIONS, order)


def test_one_p_bit_in_turn_takes_schedules_and_barriers():
    assert len(built(RAMP, "sequential").schedule) == 20
    assert built(JUNCTIONS, "sequential").barriers is not None


def distance_from_boltzmann(fabric):
    """Total variation of the law that the dynamics leave fixed to the Boltzmann law, from the matrix of a sweep."""
    law = exact.probabilities(fabric.actual)
    return float(np.abs(exact.sweep_of(fabric).stationary(law) - law).sum()) / 2


ONE = np.ones(3)
LIKE = (LOGISTIC,) * len(ONE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"slope": np.array([0.9, 1.0, 1.2])}, "0.9 to 1.2 of the nominal gain"),
        ({"slope": 0.9 * ONE}, "0.9 to 0.9 of the nominal gain"),
        ({"shift": np.array([0.0, -0.3, 0.1])}, "off by up to 0.3 in log-odds"),
        ({"barriers": Barriers(1e-9 * ONE, ONE, ONE, 2 * ONE, 2 * ONE, ONE, LIKE)}, "log-odds are off by up to"),
        ({"barriers": Barriers(1e-9 * ONE, 3 * ONE, 3 * ONE, 6 * ONE, 6 * ONE, ONE, LIKE)}, ""),
        (
            {"barriers": Barriers(1e-9 * ONE, 3 * ONE, 3 * ONE, 9 * ONE, 9 * ONE, 1.5 * ONE, LIKE)},
            "the wells",
        ),
        ({"barriers": Barriers(1e-9 * ONE, 3 * ONE, 2 * ONE, 6 * ONE, 4 * ONE, ONE, LIKE)}, "the wells"),
        ({"barriers": Barriers(1e-7 * ONE, ONE, ONE, ONE, ONE, 0 * ONE, LIKE)}, ""),
    ],
)
def test_what_is_said_of_a_die_is_what_its_sweep_leaves_fixed(changes, reason):
    """Equal wells of n = 1 with E/V_c = 1/2 are exact up to the critical argument, and no further."""
    fabric = replace(chip()[1].fabrics[0], **changes)
    known = discipline(fabric)
    assert known.boltzmann is (distance_from_boltzmann(fabric) < 1e-9)
    assert known.boltzmann is (reason == "")
    assert reason in known.reason


def test_barriers_are_told_in_the_notes_and_doubted_by_the_target():
    text = JUNCTIONS.format(
        updates="clock: ck", wire="bits: 6, j_max: 1", rtn="const", duration="30 sweeps", every="every 1 sweep",
        lattice="chain", pins="",
    )  # fmt: skip
    circuit = elaborate(load_text(text, "t.yaml"))
    program = assemble(circuit)
    known = discipline(program.fabrics[0])
    linted = "p-bit-response" in {problem.rule for problem in lint(circuit, program)}
    assert known.boltzmann is not any("the odds of an answer" in note for note in program.notes)
    assert not (linted and known.boltzmann), "a lint speaks only of what the notes say too"
