"""A fabric of clocked p-bits at work: slot k updates the p-bits of colour k mod colours, and all colours make a sweep.

    P(s_i' = +1) = p_i + (x_i - p_i) memory_i,   p_i = 1 / (1 + exp(-a_i)),
    a_i = 2 beta slope_i I_i + shift_i + V_i / V_s,i,   I_i of :mod:`thermosim.circuit.ising`

Where the barriers of a device depend on the bias, p_i and memory_i follow from the rates at a_i.

`rng: held`: x_i is the latched output, and only the slot's colour draws. `rng: free`: x_i is a hidden bit of every
p-bit that relaxes in every slot; the outputs of the slot's colour are latched from it at the end of the slot.

Replicas run in groups, each by the kernel that suits it. Words are named by (seed, fabric path, pair of replicas, slot,
node), so the bits of a replica depend neither on the number of replicas nor on threads, and a run can stop and go on
after any slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.curves import kernel_curves
from thermosim.engine.groups import Group, groups, kernels
from thermosim.engine.observables import Observer
from thermosim.engine.tallies import held_in, owners, writes
from thermosim.engine.totals import Totals
from thermosim.engine.workers import each
from thermosim.kernels.bodies import Bodies, bodies
from thermosim.kernels.fields import fixed, rows, whole
from thermosim.kernels.gibbs import HALF, Plan, scaled
from thermosim.kernels.gibbs_rates import Rates
from thermosim.kernels.observe import Seen
from thermosim.kernels.resets import random_bits
from thermosim.streams import replica_keys

_NOBODY = np.zeros(0, dtype=np.int64)


class Knobs(NamedTuple):
    """What may be written while a chip runs: `trim` (node,) [V], `bias` (node,), and `beta` as a share of the law's."""

    trim: Floats
    bias: Floats
    beta: float


class FabricRunner:
    """State of one fabric after `slot` slots; `totals` are sums over replicas and recorded draws."""

    def __init__(self, fabric: Fabric, seed: int, replicas: int, threads: int = 1, up: bool = False) -> None:
        """First spins at random from the fabric's stream, or all `up`."""
        self.fabric, self.replicas, self.slot = fabric, replicas, 0
        self.kernels = self._kernels()
        self._threads = min(threads, len(self.kernels))
        law, n = fabric.actual, fabric.nodes
        self._order = np.argsort(fabric.colour, kind="stable")
        self._places = np.argsort(self._order)
        self._plan, self._bodies = _plan(fabric, self._order, self._places)
        self._beta = law.beta
        self._knobs = Knobs(np.zeros(n), law.biases.copy(), 1.0)
        self._volts = 1.0 / (np.log(2.0) * fabric.volts[self._order])
        nets = fabric.input_nets if fabric.input_nets is not None else ("",) * n
        self._volts[[not nets[node] for node in self._order]] = 0.0
        self._held = np.zeros(n, dtype=np.int8)
        self._resets = replica_keys(seed, f"resets {fabric.path}", -(-replicas // 2))
        self.observer = Observer(fabric, self._places)
        self.totals = Totals(fabric)
        keys = replica_keys(seed, f"fabric {fabric.path}", len(self.kernels) * HALF).reshape(-1, HALF)
        self._groups = self._made(keys)
        if not up:
            for group in self._groups:
                group.start()

    def kernel_names(self) -> list[str]:
        """Each kernel that works here, and on how many replicas."""
        count: dict[str, int] = {}
        for name, group in zip(self.kernels, self._groups, strict=True):
            count[name] = count.get(name, 0) + group.replicas
        return [f"{name} ({replicas} replicas)" for name, replicas in count.items()]

    def advance(
        self, sweeps: int, record: bool = False, every: int = 1, nodes: Ints = _NOBODY
    ) -> dict[str, np.ndarray]:
        """Run whole sweeps, recording a draw after every `every` of them if asked to.

        Returns
        -------
        series (chain, draw) by their names in a record, and ``spins`` (draw, node, chain) int8 if `nodes` are
        asked for; empty without `record`

        Raises
        ------
        ValueError
            If p-bits have analog inputs, whose voltages :meth:`advance_slot` takes, or `every` does not divide
            `sweeps`.
        """
        if self.fabric.input_nets is not None:
            raise ValueError("this fabric has analog inputs: advance it slot by slot")
        if record and sweeps % every:
            raise ValueError(f"{sweeps} sweeps are not a whole number of draws, one every {every}")
        if record and every > 1 and self.fabric.moves:
            raise ValueError("a fabric under a schedule records every sweep")
        parts = [self._advance(span, record, every, nodes) for span in self._spans(sweeps)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts], axis=int(name != "spins")) for name in parts[0]}

    def _spans(self, sweeps: int) -> Iterator[int]:
        """Lengths of the stretches in which nothing is scheduled; what is due before each is done."""
        end = self.slot // self.fabric.ticks + sweeps
        while True:
            now = self.slot // self.fabric.ticks
            if now < end:
                self._begin(now)
            changes = [start for start, _ in self.fabric.schedule if now < start < end]
            if self.fabric.timetable is not None:
                due = self.fabric.timetable.next_change(now)
                changes += [due] if due is not None and due < end else []
            yield min(changes, default=end) - now
            if not changes:
                return

    def _begin(self, sweep: int) -> None:
        """Take up the plan of `sweep` and set the p-bits that are set before it."""
        self._take_up(sweep)
        table = self.fabric.timetable
        if table is None:
            return
        for reset in table.resets:
            if reset.falls_on(sweep):
                self._set(reset.nodes, reset.values, sweep)
        nodes = np.flatnonzero(self._held)
        if len(nodes):
            self._set(nodes, self._held[nodes], sweep)

    def _set(self, nodes: Ints, values: np.ndarray | None, sweep: int) -> None:
        """Outputs and RNGs of `nodes` at `values` (node,) +-1, or at random."""
        places = self._places[nodes]
        for number, group in enumerate(self._groups):
            if values is None:
                mine = self._columns(number)
                pairs = self._resets[mine.start // 2 : -(-mine.stop // 2)]
                new = np.empty((len(nodes), 2 * len(pairs)), dtype=np.bool_)
                random_bits(pairs, sweep, nodes.astype(np.uint64), new)
                new = new[:, : group.replicas]
            else:
                new = np.repeat((values > 0)[:, None], group.replicas, axis=1)
            for hidden in (False, True) if self.fabric.rng == "free" else (False,):
                up = group.bits(hidden).copy()
                up[places] = new
                group.set_bits(up, hidden)

    def _take_up(self, sweep: int) -> None:
        """Scale the plan's couplings and biases to the beta of `sweep`, and hold what is clamped."""
        own, table = self.fabric.actual.beta, self.fabric.timetable
        beta = next((b for start, b in reversed(self.fabric.schedule) if start <= sweep), own) * self._knobs.beta
        held = self._held if table is None else table.held(sweep)
        if beta != self._beta or not np.array_equal(held, self._held):
            self._held = held
            self._scale_to(beta)

    def _scale_to(self, beta: float) -> None:
        """Give all groups the plan at `beta`: what mismatch and trims shift stays, and held p-bits stay too."""
        self._beta = beta
        law, knobs = self.fabric.actual, self._knobs
        plan, shift = self._plan, self.fabric.shift
        if knobs.trim.any() or np.any(knobs.bias != law.biases):
            shift = shift + knobs.trim / self.fabric.volts
            bias = 2.0 * law.beta * self.fabric.slope * knobs.bias + shift
            plan = plan._replace(bias=(bias[self._order] / np.log(2.0)).astype(np.float32))
        plan = scaled(plan, shift[self._order] / np.log(2.0), beta / law.beta)
        plan = plan._replace(fresh=np.where(self._held[self._order] != 0, np.float32(0), plan.fresh))
        for group in self._groups:
            group.take_up(plan)

    def program(self, kind: str, nodes: Ints, values: Floats) -> None:
        """Write a knob from the next slot on: `trim` [V] or `bias` of `nodes`, or `beta` as a share of the law's."""
        if kind == "beta":
            self._knobs = self._knobs._replace(beta=float(values[0]))
        else:
            getattr(self._knobs, kind)[nodes] = values
        self._beta = np.nan  # whatever the next slot's, its plan is another
        self._take_up(self.slot // self.fabric.ticks)

    def _advance(self, sweeps: int, record: bool, every: int, nodes: Ints) -> dict[str, np.ndarray]:
        begin, ticks = self.slot, self.fabric.ticks
        self.slot += sweeps * ticks
        if not record:
            self._each(lambda group, _: group.slots(begin, begin + sweeps * ticks))
            return {}
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(sweeps // every, len(nodes), group.lanes) for group in self._groups]
        self._each(lambda group, number: group.run(begin, every * ticks, watch, seen[number]))
        return self._recorded(seen)

    def advance_slot(self, volts: Floats | None = None) -> None:
        """Run one slot, with `volts` (node, replica) [V] at the analog inputs; nodes without an input ignore theirs."""
        drive: Floats | None = None
        if volts is not None:
            drive = volts[self._order] * self._volts[:, np.newaxis]
        begin = self.slot
        sweep, tick = divmod(begin, self.fabric.ticks)
        if tick == 0:
            self._begin(sweep)
        else:
            self._take_up(sweep)
        self.slot += 1

        def work(group: Group, number: int) -> None:
            mine = None if drive is None else drive[:, self._columns(number)]
            group.slots(begin, begin + 1, mine)

        self._each(work)

    def tally(self, begin: int, end: int) -> dict[str, Ints]:
        """Actions in the slots begin .. end-1 by the names of their counters, (replica,): ``<array>.updates``, outputs
        latched, and ``<array>.writes``, p-bits that a clamp or a reset set."""
        updates = {
            f"{path}.updates": count for path, count in zip(self.fabric.arrays, self._latched(begin, end), strict=True)
        }
        return updates | writes(self.fabric, begin, end, self.replicas)

    def _latched(self, begin: int, end: int) -> Ints:
        """Outputs latched (array, replica) in the slots begin .. end-1; held ones are none."""
        colours, ticks, owner = self.fabric.colours, self.fabric.ticks, owners(self.fabric)
        total = np.zeros(len(self.fabric.arrays), dtype=np.int64)
        for first, last, held in held_in(self.fabric, begin // ticks, -(-end // ticks)):
            each = np.zeros((len(total), colours), dtype=np.int64)
            np.add.at(each, (owner[held == 0], self.fabric.colour[held == 0]), 1)
            start, stop = max(begin, first * ticks), min(end, last * ticks)
            total += each @ np.array([len(range(start + (c - start) % colours, stop, colours)) for c in range(colours)])
        return np.repeat(total[:, None], self.replicas, axis=1)

    def observe(self, nodes: Ints = _NOBODY) -> dict[str, np.ndarray]:
        """One draw of the present state, as :meth:`advance` records it."""
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(1, len(nodes), group.lanes) for group in self._groups]
        self._each(lambda group, number: group.observe(watch, seen[number]))
        return self._recorded(seen)

    def spins(self) -> np.ndarray:
        """Outputs (node, replica) +-1 int8."""
        return self._gathered(hidden=False)

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        return self.totals.named() | {f"{self.fabric.path}:last": self.spins()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        free = self.fabric.rng == "free"
        hidden = self._gathered(hidden=True) if free else np.zeros((0, self.replicas), dtype=np.int8)
        kept = {"slot": self.slot, "spins": self.spins(), "hidden": hidden, "knobs": self._knobs._asdict()}
        return kept | self.totals.checkpoint()

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot = int(kept["slot"])
        self.totals.restore(kept)
        knobs = kept["knobs"]
        if any(np.any(knobs[name] != value) for name, value in self._knobs._asdict().items()):
            self._knobs = Knobs(np.array(knobs["trim"]), np.array(knobs["bias"]), float(knobs["beta"]))
            self._beta = np.nan
            self._take_up(self.slot // self.fabric.ticks)
        self.set_spins(kept["spins"])
        if self.fabric.rng == "free":
            self.set_spins(kept["hidden"], hidden=True)

    def set_spins(self, spins: np.ndarray, hidden: bool = False) -> None:
        """Outputs, or what free RNGs hold, (node, replica) +-1."""
        for number, group in enumerate(self._groups):
            mine = self._columns(number)
            group.set_bits(spins[self._order, mine] > 0, hidden)

    # -- groups -----------------------------------------------------------------------------------------------

    def _kernels(self) -> tuple[str, ...]:
        """Name of the kernel of every group."""
        return kernels(self.fabric, self.replicas)

    def _made(self, keys: np.ndarray) -> list[Group]:
        """The groups on the keys (group, HALF) of their pairs of replicas."""
        free, rates = self.fabric.rng == "free", _rates(self.fabric, self._order)
        return groups(self.kernels, self._plan, self._bodies, keys, self.replicas, free, rates)

    def _columns(self, number: int) -> slice:
        """Replicas of one group; all but the last have as many as the first."""
        first = number * self._groups[0].replicas
        return slice(first, first + self._groups[number].replicas)

    def _each(self, work: Callable[[Group, int], None]) -> None:
        each(self._threads, lambda number: work(self._groups[number], number), len(self._groups))

    def _gathered(self, hidden: bool) -> np.ndarray:
        """(node, replica) +-1 int8."""
        up = np.concatenate([group.bits(hidden) for group in self._groups], axis=1)
        return np.where(up[self._places], np.int8(1), np.int8(-1))

    def _recorded(self, seen: list[Seen]) -> dict[str, np.ndarray]:
        self.totals.add(seen, self.replicas * len(seen[0].energy))
        return self.observer.series(seen, self.replicas)


def _rates(fabric: Fabric, order: Ints) -> Rates | None:
    """Wells by place, slots in units of the attempt time; None where one relaxation time holds at every bias."""
    wells = fabric.barriers
    if wells is None:
        return None
    curves = kernel_curves(fabric)
    return Rates(
        fabric.clock.period / wells.tau0[order], wells.up[order], wells.down[order], wells.critical_up[order],
        wells.critical_down[order], wells.exponent[order], curves._replace(kind=curves.kind[order]),
    )  # fmt: skip


def _plan(fabric: Fabric, order: Ints, places: Ints) -> tuple[Plan, Bodies | None]:
    """The fabric as the kernels want it: by place, with arguments of the sigmoid in units of ln 2."""
    law = fabric.actual
    scale = 2.0 * law.beta * fabric.slope / np.log(2.0)
    targets, sources, weights = law.couplings()
    members, others, values = law.terms.felt()
    everyone, all_weights = np.concatenate([targets, members]), np.concatenate([weights, values])
    few = whole(all_weights)
    if few is None:
        integers, unit = fixed(fabric.nodes, everyone, scale[everyone] * all_weights)
    else:
        integers, unit = few[0], scale * few[1]
    pairs, products = integers[: len(targets)], integers[len(targets) :]
    terms, base = bodies(places, members, others, products)
    np.subtract.at(base, targets, pairs)
    coupled = rows(places, targets, sources, 2 * pairs)
    bias = scale * law.biases + fabric.shift / np.log(2.0)
    plan = Plan(
        bounds=np.searchsorted(fabric.colour[order], np.arange(fabric.colours + 1)).astype(np.int64),
        node=order.astype(np.uint64),
        first=coupled.first,
        source=coupled.source,
        weight=coupled.weight,
        base=base[order].astype(np.int32),
        scale=unit[order].astype(np.float32),
        bias=bias[order].astype(np.float32),
        fresh=(1.0 - fabric.memory[order]).astype(np.float32),
    )
    return plan, terms if len(law.terms) else None
