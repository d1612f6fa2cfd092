"""What became of the exchanges of a tempered fabric: how many were accepted between which copies, and who travelled."""

from __future__ import annotations

from collections.abc import Iterator

from thermosim.circuit.program import Fabric
from thermosim.record import Record

FEW = 0.1
"""Share of accepted exchanges below which a pair of copies holds up all others."""


def exchange_notes(record: Record, fabric: Fabric) -> Iterator[str]:
    """Sentences for the summary; none where nothing was tempered."""
    if fabric.tempering is None:
        return
    path, betas = fabric.path, fabric.tempering.betas
    tries, swaps = (record.sums[f"{path}:{name}"].sum(axis=1) for name in ("exchange_tries", "exchanges"))
    if not tries.all():
        yield f"{path}: too short a run for every pair of copies to try an exchange; lower schedule.tempering.every"
        return
    rates = swaps / tries
    told = ", ".join(f"{rate:.2g}" for rate in rates)
    trips = record.sums[f"{path}:trips"]
    yield (
        f"{path}: exchanges between neighbours in beta are accepted with {told}; {int(trips.sum())} times in all "
        f"replicas a state came from the lowest beta to the law's ({trips.mean():.3g} times each)"
    )
    worst = int(rates.argmin())
    if rates[worst] < FEW:
        yield (
            f"{path}: of exchanges between beta {betas[worst]:.3g} and {betas[worst + 1]:.3g} only {rates[worst]:.2g} "
            "are accepted, which holds up all copies; put a beta between them"
        )
