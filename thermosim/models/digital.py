"""Digital arithmetic of a controller: joules per multiply-accumulate and per 64-bit memory read.

E_tick = macs E_mac + (bytes / 8) E_64
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from thermosim.models.base import Evidence, Hertz, Joules, Model, Price
from thermosim.models.pricing import price


class Digital(Model):
    """Arithmetic unit; `throughput` is multiply-accumulates per second [1/s], None if unstated."""

    family: ClassVar[Literal["digital"]] = "digital"
    counters: ClassVar[tuple[str, ...]] = ("ticks",)

    type: Literal["digital"] = "digital"
    energy_mac: Joules
    energy_sram_64b: Joules
    throughput: Hertz | None = None


def controller_prices(
    model: Digital, evidence: Mapping[str, Evidence], macs: int, bytes_read: int
) -> tuple[Price, ...]:
    """Price of one tick of a controller for one replica, by what it computes and reads."""
    return (
        price("ticks", "mac", {"energy_mac": model.energy_mac}, lambda energy_mac: macs * energy_mac, evidence),
        price(
            "ticks",
            "sram",
            {"energy_sram_64b": model.energy_sram_64b},
            lambda energy_sram_64b: bytes_read / 8 * energy_sram_64b,
            evidence,
        ),
    )
