"""Every shipped platform card can price the ideal sampler of a fabric."""

from __future__ import annotations

import pytest

from thermosim.ideal.cost import PlatformCard, heat_bath_sample
from thermosim.measure.platforms import platforms


def test_there_are_platforms() -> None:
    assert platforms()


@pytest.mark.parametrize("card", platforms(), ids=lambda card: card.name)
def test_heat_bath_is_priced_within_its_spread(card: PlatformCard) -> None:
    price = heat_bath_sample(card, nodes=100, degree=12, tau=2.0)
    assert price.joules is not None
    assert price.low is not None
    assert price.high is not None
    assert 0 < price.low <= price.joules <= price.high
    assert price.source
