"""The CMOS p-bit's price: the published totals, the four terms, the supply's square, grades and intervals."""

import pytest
from pydantic import ValidationError

from thermosim.models.base import Evidence, PriceContext
from thermosim.models.cmos_rng import CmosRng
from thermosim.models.synapse import Synapse

G12 = 4 * (1 + 17**0.5 + 181**0.5)  # summed length of the wires that a cell drives, rules (0,1) (4,1) (9,10) [pitches]
CARD = {
    "tau0": "100 ns", "e_rng": "350 aJ", "eta": "350 aF/um", "pitch": "6 um", "v_sig": "103.4 mV",
    "c_bias": "7 fF", "tau_ratio": 5.91, "gamma": 0.5, "v_dd": "103.4 mV",
}  # fmt: skip
EVIDENCE = {
    "e_rng": Evidence("measured", "prototype"),
    "eta": Evidence("modelled", "wires", 35e-12, 3500e-12),
    "pitch": Evidence("modelled", "layout"),
    "v_sig": Evidence("calibrated", "total"),
}


def femtojoules(context: PriceContext, **changes: object) -> dict[str, float | None]:
    rows = CmosRng(**{**CARD, "v_s": "26 mV", **changes}).prices(EVIDENCE, context)
    return {row.action: None if row.joules is None else row.joules * 1e15 for row in rows}


def total(context: PriceContext, **changes: object) -> float:
    return sum(value or 0.0 for value in femtojoules(context, **changes).values())


def test_four_terms_and_the_published_totals() -> None:
    context = PriceContext(wire_length=G12)
    terms = femtojoules(context)
    assert {name: round(value or 0.0, 3) for name, value in terms.items()} == {
        "rng": 0.350, "wire": 0.834, "clock": 0.011, "bias": 0.111,
    }  # fmt: skip
    cell = total(context)
    assert cell == pytest.approx(1.306, abs=5e-4)
    assert 250 * 4900 * cell * 1e-6 == pytest.approx(1.600, abs=5e-4)  # [nJ] a step
    assert 2e4 * 3147 * cell * 1e-6 == pytest.approx(82, abs=0.5)  # [nJ] the codon problem


def test_bias_energy_grows_with_the_square_of_the_synapses_supply() -> None:
    at = {v: femtojoules(PriceContext(synapse=Synapse(v_dd=v), wire_length=G12)) for v in ("206.8 mV", "290 mV")}
    base = femtojoules(PriceContext(synapse=Synapse(), wire_length=G12))
    assert at["206.8 mV"]["bias"] == pytest.approx(4 * (base["bias"] or 0.0))
    assert at["290 mV"]["bias"] == pytest.approx(0.870, abs=5e-4)
    assert {name: value for name, value in at["290 mV"].items() if name != "bias"} == {
        name: value for name, value in base.items() if name != "bias"
    }
    assert sum(value or 0.0 for value in at["290 mV"].values()) == pytest.approx(2.065, abs=1e-3)


def test_bias_energy_is_largest_at_half_and_nothing_at_a_rail() -> None:
    context = PriceContext(wire_length=G12)
    half, quarter, rail = (femtojoules(context, gamma=gamma)["bias"] or 0.0 for gamma in (0.5, 0.25, 1.0))
    assert quarter == pytest.approx(0.75 * half)
    assert rail == 0.0


def test_a_cell_without_geometry_has_an_unpriced_wire() -> None:
    context = PriceContext(wire_length=None)
    assert femtojoules(context)["wire"] is None
    assert femtojoules(PriceContext(wire_length=0.0))["wire"] == 0.0
    rows = CmosRng(tau0="100 ns", v_s="26 mV").prices({}, context)
    assert [(row.action, row.joules) for row in rows] == [
        ("rng", None), ("wire", None), ("clock", None), ("bias", None),
    ]  # fmt: skip


def test_a_price_carries_the_worst_grade_and_the_widest_interval() -> None:
    rows = {row.action: row for row in CmosRng(**CARD, v_s="26 mV").prices(EVIDENCE, PriceContext(wire_length=G12))}
    assert rows["rng"].grade == "measured"
    assert rows["wire"].grade == "calibrated"
    assert rows["bias"].grade == "assumed"  # nobody graded its inputs
    wire = rows["wire"]
    assert wire.joules is not None
    assert (wire.low, wire.high) == (pytest.approx(wire.joules / 10), pytest.approx(wire.joules * 10))
    assert all(row.counter == "updates" for row in rows.values())


def test_the_synapses_supply_brings_its_own_evidence() -> None:
    graded = {**EVIDENCE, "v_dd": Evidence("calibrated", "card")} | {
        name: Evidence("measured", "bench") for name in ("c_bias", "tau_ratio", "gamma")
    }

    def bias(**context: object) -> str:
        return CmosRng(**CARD, v_s="26 mV").prices(graded, PriceContext(wire_length=1.0, **context))[3].grade

    assert bias() == "calibrated"
    assert bias(synapse=Synapse(v_dd="290 mV")) == "assumed"
    assert bias(synapse=Synapse(v_dd="290 mV"), synapse_evidence={"v_dd": Evidence("measured", "bench")}) == "measured"


def test_a_whole_cell_is_priced_once() -> None:
    (row,) = CmosRng(tau0="100 ns", v_s="26 mV", e_cell="2 fJ").prices({}, PriceContext(wire_length=G12))
    assert (row.action, row.joules) == ("cell", 2e-15)
    with pytest.raises(ValidationError, match="e_cell already prices the whole cell; leave e_rng out"):
        CmosRng(tau0="100 ns", v_s="26 mV", e_cell="2 fJ", e_rng="350 aJ")
