"""Every shipped card: graded, sourced, cited, reproduces what it claims, and a wrong number is noticed."""

import re
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from thermosim.cards import find_card, list_cards
from thermosim.models import REGISTRY
from thermosim.models.base import unit_of
from thermosim.models.checks import check_card
from thermosim.units import read

DEVICES = Path(__file__).parents[2] / "devices"
CARDS = sorted(path.relative_to(DEVICES).with_suffix("").as_posix() for path in DEVICES.glob("*/*.yaml"))


@pytest.mark.parametrize("name", CARDS)
def test_card(name: str) -> None:
    card = find_card(name)
    model = REGISTRY[card.type]
    assert name.split("/")[0] == card.type
    assert set(card.values) <= set(model.model_fields)
    assert all(value.source.strip() for value in card.values.values())
    cited = set(re.findall(r"@\w+\{(\w+),", (DEVICES / "references.bib").read_text(encoding="utf-8")))
    assert set(card.references) <= cited
    for outcome in check_card(card.document.data):
        assert outcome.holds, outcome


def test_shipped_cards_are_found() -> None:
    assert set(CARDS) <= set(list_cards())
    checked = {name.split("/")[0] for name in CARDS if find_card(name).checks}
    assert checked == {"adc", "cmos_rng", "dac", "digital", "macrospin", "mtj", "pdit", "platform"}


def test_what_is_calibrated_says_so() -> None:
    card = find_card("cmos_rng/extropic2025")
    grades = {name: value.evidence for name, value in card.values.items()}
    assert [grades[name] for name in ("tau0", "e_rng")] == ["measured", "measured"]
    assert [grades[name] for name in ("v_sig", "tau_ratio", "v_dd")] == ["calibrated"] * 3
    assert "v_s" not in card.values
    assert "calibrated, not measured" in card.description


def test_a_check_notices_a_wrong_number() -> None:
    data = yaml.safe_load((DEVICES / "cmos_rng" / "extropic2025.yaml").read_text(encoding="utf-8"))
    wrong = deepcopy(data)
    wrong["values"]["tau_ratio"]["value"] = 6.2
    failed = [outcome.expected for outcome in check_card(wrong) if not outcome.holds]
    assert failed == [pytest.approx(x) for x in (0.111e-15, 1.306e-15, 1.6e-9, 82e-9)]
    with pytest.raises(ValueError, match="unknown quantity 'power'; these exist: energy, "):
        check_card({**data, "checks": [{"quantity": "power", "expected": "1 W"}]})
    with pytest.raises(ValueError, match="'tick energy' is no quantity of a cmos_rng"):
        check_card({**data, "checks": [{"quantity": "tick energy", "with": {"v_s": "26 mV"}, "expected": "1 J"}]})


def test_a_spread_contains_its_value() -> None:
    for name in CARDS:
        card = find_card(name)
        for parameter, value in card.values.items():
            unit = unit_of(REGISTRY[card.type], parameter)
            if value.spread is not None:
                assert unit is not None
                low, here, high = (read(str(text), unit) for text in (value.spread[0], value.value, value.spread[1]))
                assert low <= here <= high, (name, parameter)
