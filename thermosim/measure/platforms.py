"""Digital machines from the `platform/*` cards, for the ideal sampler's joules."""

from __future__ import annotations

from thermosim.cards import Card, find_card, list_cards
from thermosim.ideal.cost import PlatformCard
from thermosim.models.base import Evidence
from thermosim.models.platform import Platform
from thermosim.units import read

FOLDER = "platform/"


def platform(card: Card) -> PlatformCard:
    """The platform that a card describes."""
    model = Platform.model_validate({name: value.value for name, value in card.values.items()})
    evidence = {}
    for name, value in card.values.items():
        low, high = (None, None) if value.spread is None else (read(str(end), "J") for end in value.spread)
        evidence[name] = Evidence(value.evidence, value.source, low, high)
    return PlatformCard(card.name, model, evidence)


def platforms() -> tuple[PlatformCard, ...]:
    """Every platform card that can be found, by name."""
    return tuple(platform(find_card(name)) for name in list_cards() if name.startswith(FOLDER))
