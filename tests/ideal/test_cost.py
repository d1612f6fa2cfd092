"""Joules of ideal samplers, counted by hand."""

from __future__ import annotations

import pytest

from thermosim.ideal.cost import PlatformCard, gaussian_sample, heat_bath_sample, mixture_sample
from thermosim.models.base import Evidence
from thermosim.models.platform import Platform

CARD = PlatformCard(
    "platform/test",
    Platform(e_uniform="2 pJ", e_normal="5 pJ", e_mac="1 pJ", e_sigmoid="3 pJ"),
    {"e_mac": Evidence("measured", "a test", 0.5e-12, 2e-12)},
)


def test_heat_bath_pays_for_every_spin_and_sweep() -> None:
    price = heat_bath_sample(CARD, nodes=100, degree=4, tau=2.5)
    assert price.joules == pytest.approx(100 * 2.5 * (2 + 4 + 3) * 1e-12)
    assert price.low == pytest.approx(100 * 2.5 * (2 + 2 + 3) * 1e-12)
    assert price.high == pytest.approx(100 * 2.5 * (2 + 8 + 3) * 1e-12)


def test_independent_draws() -> None:
    assert gaussian_sample(CARD, 3).joules == pytest.approx((3 * 5 + 6) * 1e-12)
    assert mixture_sample(CARD, 3).joules == pytest.approx((3 * 5 + 3) * 1e-12)


def test_unknown_parts_leave_it_unpriced() -> None:
    price = heat_bath_sample(PlatformCard("p", Platform(e_uniform="1 pJ"), {}), 10, 2, 1)
    assert price.joules is None
    assert price.low is None
