"""P-dits: what a draw costs and takes, and the published total of the codon problem."""

import numpy as np
import pytest

from thermosim.cards import find_card
from thermosim.models.base import Evidence, PriceContext
from thermosim.models.pdit import Pdit
from thermosim.models.platform import Platform, categorical_price, heat_bath_price


def card(**more):
    values = {name: value.value for name, value in find_card("pdit/extropic2026").values.items()}
    return Pdit.model_validate({**values, "tau0": "100 ns", "q": 6, **more})


def joules(model: Pdit) -> dict[str, float | None]:
    return {price.action: price.joules for price in model.prices({}, PriceContext())}


def test_a_draw_pays_its_steps_state_by_state():
    assert joules(card()) == pytest.approx({"draw": 60 * 800e-18, "rest": 18e-15})
    assert joules(card(q=3))["draw"] == pytest.approx(30 * 800e-18)
    assert card().draw_time == pytest.approx(60 * 100e-9)


def test_h3_the_codon_problem_takes_0_84_nj_in_ten_sweeps():
    """0.084 nJ for 1,273 p-dits; 800 aJ for a whole draw, as it is sometimes quoted, would give 1.0 pJ."""
    one = sum(value for value in joules(card()).values() if value is not None)
    sweep = 1273 * one
    assert sweep == pytest.approx(0.084e-9, rel=0.006)
    assert 10 * sweep == pytest.approx(0.84e-9, rel=0.006)
    assert 0.02 * sweep > 1273 * 800e-18


def test_what_nobody_states_is_unpriced():
    model = Pdit.model_validate({"q": 3, "tau0": "10 ns"})
    assert joules(model) == {"draw": None, "rest": None}


def test_the_rest_is_calibrated_and_says_so():
    values = find_card("pdit/extropic2026").values
    assert {name: value.evidence for name, value in values.items()} == {
        "steps": "modelled", "e_step": "modelled", "e_rest": "calibrated",
    }  # fmt: skip
    evidence = {"e_step": Evidence("modelled", "paper"), "steps": Evidence("modelled", "paper")}
    assert card().prices(evidence, PriceContext())[0].grade == "modelled"


def test_a_digital_draw_of_two_states_is_a_heat_bath_update():
    model = Platform.model_validate({"e_uniform": "3 pJ", "e_mac": "5 pJ", "e_sigmoid": "7 pJ"})
    assert categorical_price(model, {}, 1.0, 4.0).joules == heat_bath_price(model, {}, 4.0).joules
    assert categorical_price(model, {}, 2.0, 8.0).joules == pytest.approx(3e-12 + 8 * 5e-12 + 2 * 7e-12)
    whole = categorical_price(Platform.model_validate({"e_update": "1 pJ"}), {}, 1.0, 4.0)
    assert whole.joules is None
    assert "p-bit" in whole.source


def test_a_bias_is_for_every_state():
    with pytest.raises(ValueError, match="bias has 2 entries and q is 3"):
        Pdit.model_validate({"q": 3, "tau0": "10 ns", "bias": [1, 2]})
    assert np.array_equal(Pdit.model_validate({"q": 2, "tau0": "10 ns", "bias": [1, 2]}).bias, [1.0, 2.0])
