"""Digital costs: a controller's tick, a platform's update, and what is unknown."""

import pytest
from pydantic import ValidationError

from thermosim.models.base import Evidence
from thermosim.models.digital import Digital, controller_prices
from thermosim.models.platform import Platform, gaussian_step_price, heat_bath_price


def test_a_tick_pays_for_its_multiplications_and_its_memory() -> None:
    model = Digital(energy_mac="1.5 pJ", energy_sram_64b="10 pJ", throughput="1 GHz")
    evidence = {"energy_mac": Evidence("modelled", "45 nm", 0.3e-12, 4.6e-12)}
    mac, sram = controller_prices(model, evidence, macs=16, bytes_read=40)
    assert (mac.counter, mac.action, sram.action) == ("ticks", "mac", "sram")
    assert mac.joules == pytest.approx(24e-12)
    assert (mac.low, mac.high, mac.grade) == (pytest.approx(4.8e-12), pytest.approx(73.6e-12), "modelled")
    assert sram.joules == pytest.approx(50e-12)


def test_an_update_pays_for_each_neighbour() -> None:
    model = Platform(e_uniform="9 pJ", e_mac="30 fJ", e_sigmoid="1 pJ")
    low, high = (heat_bath_price(model, {}, degree).joules for degree in (2, 12))
    assert low == pytest.approx(10.06e-12)
    assert high == pytest.approx(10.36e-12)
    step = gaussian_step_price(model, {}, 4)
    assert (step.joules, step.source) == (None, "nobody states e_normal")


def test_a_measured_update_stands_for_its_parts() -> None:
    assert heat_bath_price(Platform(e_update="1.2 pJ"), {}, 12).joules == 1.2e-12
    with pytest.raises(ValidationError, match="e_update already prices a whole update; leave e_uniform out"):
        Platform(e_update="1.2 pJ", e_uniform="9 pJ")
