"""What a controller's arithmetic costs, and whether it is done in time.

E_tick = macs E_mac + (bytes / 8) E_64;  it fits if macs / throughput <= latency.
"""

from __future__ import annotations

from thermosim.circuit.program import ControllerPlan, HostPlan, PriceRow
from thermosim.contracts import Controller, Host
from thermosim.models.base import Price
from thermosim.models.digital import Digital, controller_prices
from thermosim.times import seconds
from thermosim.units import show


def price_rows(plan: ControllerPlan | HostPlan, controller: Controller | Host) -> tuple[PriceRow, ...]:
    """Prices of one tick for one replica; unpriced if the netlist names no arithmetic."""
    work = controller.arithmetic
    if plan.arithmetic is None or not isinstance(plan.arithmetic.model, Digital):
        source = f"{work.macs} multiply-accumulates a tick; the netlist names no arithmetic card"
        return (PriceRow(plan.path, Price("ticks", "arithmetic", None, None, None, "unverified", source)),)
    prices = controller_prices(plan.arithmetic.model, plan.arithmetic.evidence, work.macs, work.bytes_read)
    return tuple(PriceRow(plan.path, price) for price in prices)


def overrun(plan: ControllerPlan | HostPlan, controller: Controller | Host) -> str | None:
    """Why the arithmetic does not fit in the latency that the netlist grants it, or None."""
    if plan.arithmetic is None or not isinstance(plan.arithmetic.model, Digital):
        return None
    throughput = plan.arithmetic.model.throughput
    if throughput is None:
        return None
    needed, granted = controller.arithmetic.macs / throughput, seconds(plan.latency)
    if needed <= granted:
        return None
    return (
        f"its {controller.arithmetic.macs} multiply-accumulates take {show(needed, 's')} at "
        f"{show(throughput, 'Hz')} and the "
        f"netlist grants {show(granted, 's')}; raise the latency, or use faster arithmetic or a smaller network"
    )
