"""A fabric of clocked p-bits at work: slot k updates the p-bits of colour k mod colours, and all colours make a sweep.

    P(s_i' = +1) = p_i + (x_i - p_i) memory_i,   p_i = 1 / (1 + exp(-a_i)),
    a_i = 2 beta slope_i (sum_j J_ij s_j + h_i) + shift_i + V_i / V_s,i

Where the barriers of a device depend on the bias, p_i and memory_i follow from the rates at a_i.

`rng: held`: x_i is the latched output, and only the slot's colour draws. `rng: free`: x_i is a hidden bit of every
p-bit that relaxes in every slot; the outputs of the slot's colour are latched from it at the end of the slot.

Replicas run in groups, each by the kernel that suits it. Words are named by (seed, fabric path, pair of replicas, slot,
node), so the bits of a replica depend neither on the number of replicas nor on threads, and a run can stop and go on
after any slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats, Ints
from thermosim.engine.groups import Group, groups, kernels
from thermosim.engine.observables import Observer
from thermosim.kernels.fields import fixed, rows, whole
from thermosim.kernels.gibbs import HALF, Plan, scaled
from thermosim.kernels.gibbs_rates import Rates
from thermosim.kernels.observe import Seen
from thermosim.streams import replica_keys

_NOBODY = np.zeros(0, dtype=np.int64)


class FabricRunner:
    """State of one fabric after `slot` slots.

    `spin` (node,), `pair` (edge,): sums of s_i and s_i s_j over replicas and recorded draws, `count` of them; exact.
    """

    def __init__(self, fabric: Fabric, seed: int, replicas: int, threads: int = 1, up: bool = False) -> None:
        """First spins at random from the fabric's stream, or all `up`."""
        self.fabric, self.replicas, self.slot = fabric, replicas, 0
        self.kernels = self._kernels()
        self._threads = min(threads, len(self.kernels))
        law, n = fabric.actual, fabric.nodes
        self._order = np.argsort(fabric.colour, kind="stable")
        self._places = np.argsort(self._order)
        self._plan = _plan(fabric, self._order, self._places)
        self._shift, self._beta = fabric.shift[self._order] / np.log(2.0), law.beta
        self._volts = 1.0 / (np.log(2.0) * fabric.volts[self._order])
        nets = fabric.input_nets if fabric.input_nets is not None else ("",) * n
        self._volts[[not nets[node] for node in self._order]] = 0.0
        self.observer = Observer(fabric, self._places)
        self.spin: Ints = np.zeros(n, dtype=np.int64)
        self.pair: Ints = np.zeros(len(law.edges), dtype=np.int64)
        self.count = 0
        keys = replica_keys(seed, f"fabric {fabric.path}", len(self.kernels) * HALF).reshape(-1, HALF)
        self._groups = self._made(keys)
        if not up:
            for group in self._groups:
                group.start()

    @property
    def updates(self) -> int:
        """Outputs latched so far in one replica."""
        sweeps, colour = divmod(self.slot, self.fabric.colours)
        return int(sweeps * self.fabric.nodes + self._plan.bounds[colour])

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
        if record and every > 1 and self.fabric.schedule:
            raise ValueError("a fabric under a schedule records every sweep")
        parts = [self._advance(span, record, every, nodes) for span in self._spans(sweeps)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts], axis=int(name != "spins")) for name in parts[0]}

    def _spans(self, sweeps: int) -> Iterator[int]:
        """Lengths of the stretches in which beta stands still; its plan is taken up before each."""
        while True:
            now = self.slot // self.fabric.ticks
            self._take_up(now)
            changes = [start for start, _ in self.fabric.schedule if now < start < now + sweeps]
            span = changes[0] - now if changes else sweeps
            yield span
            sweeps -= span
            if sweeps == 0:
                return

    def _take_up(self, sweep: int) -> None:
        """Scale the plan's couplings and biases to the beta of `sweep`; what mismatch shifts stays."""
        beta = next((b for start, b in reversed(self.fabric.schedule) if start <= sweep), self.fabric.actual.beta)
        if beta != self._beta:
            self._beta = beta
            plan = scaled(self._plan, self._shift, beta / self.fabric.actual.beta)
            for group in self._groups:
                group.plan = plan

    def _advance(self, sweeps: int, record: bool, every: int, nodes: Ints) -> dict[str, np.ndarray]:
        begin, ticks = self.slot, self.fabric.ticks
        self.slot += sweeps * ticks
        if not record:
            self._each(lambda group, _: group.slots(begin, begin + sweeps * ticks))
            return {}
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(sweeps // every, len(nodes), group.lanes) for group in self._groups]
        self._each(lambda group, number: group.run(begin, every * ticks, watch, seen[number]))
        return self._recorded(seen, len(nodes))

    def advance_slot(self, volts: Floats | None = None) -> None:
        """Run one slot, with `volts` (node, replica) [V] at the analog inputs; nodes without an input ignore theirs."""
        drive: Floats | None = None
        if volts is not None:
            drive = volts[self._order] * self._volts[:, np.newaxis]
        begin = self.slot
        self._take_up(begin // self.fabric.ticks)
        self.slot += 1

        def work(group: Group, number: int) -> None:
            mine = None if drive is None else drive[:, self._columns(number)]
            group.slots(begin, begin + 1, mine)

        self._each(work)

    def tally(self, begin: int, end: int) -> Ints:
        """Outputs latched (array, replica) in the slots begin .. end-1."""
        colours, arrays = self.fabric.colours, self.fabric.arrays
        owner = np.repeat(np.arange(len(arrays)), [int(np.prod(s, dtype=np.int64)) for _, s in arrays.values()])
        each = np.zeros((len(arrays), colours), dtype=np.int64)
        np.add.at(each, (owner, self.fabric.colour), 1)
        visits = [len(range(begin + (colour - begin) % colours, end, colours)) for colour in range(colours)]
        return np.repeat((each @ np.array(visits))[:, None], self.replicas, axis=1)

    def observe(self, nodes: Ints = _NOBODY) -> dict[str, np.ndarray]:
        """One draw of the present state, as :meth:`advance` records it."""
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(1, len(nodes), group.lanes) for group in self._groups]
        self._each(lambda group, number: group.observe(watch, seen[number]))
        return self._recorded(seen, len(nodes))

    def spins(self) -> np.ndarray:
        """Outputs (node, replica) +-1 int8."""
        return self._gathered(hidden=False)

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        path = self.fabric.path
        count = np.array(self.count, dtype=np.int64)
        sums = {f"{path}:spin": self.spin.copy(), f"{path}:pair": self.pair.copy(), f"{path}:count": count}
        return sums | {f"{path}:last": self.spins()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        free = self.fabric.rng == "free"
        hidden = self._gathered(hidden=True) if free else np.zeros((0, self.replicas), dtype=np.int8)
        kept = {"slot": self.slot, "spins": self.spins(), "hidden": hidden}
        return kept | {"spin": self.spin.copy(), "pair": self.pair.copy(), "count": self.count}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot, self.count = int(kept["slot"]), int(kept["count"])
        self.spin[:], self.pair[:] = kept["spin"], kept["pair"]
        for number, group in enumerate(self._groups):
            mine = self._columns(number)
            group.set_bits(kept["spins"][self._order, mine] > 0)
            if self.fabric.rng == "free":
                group.set_bits(kept["hidden"][self._order, mine] > 0, hidden=True)

    # -- groups -----------------------------------------------------------------------------------------------

    def _kernels(self) -> tuple[str, ...]:
        """Name of the kernel of every group."""
        return kernels(self.fabric, self.replicas)

    def _made(self, keys: np.ndarray) -> list[Group]:
        """The groups on the keys (group, HALF) of their pairs of replicas."""
        free, rates = self.fabric.rng == "free", _rates(self.fabric, self._order)
        return groups(self.kernels, self._plan, keys, self.replicas, free, rates)

    def _columns(self, number: int) -> slice:
        """Replicas of one group; all but the last have as many as the first."""
        first = number * self._groups[0].replicas
        return slice(first, first + self._groups[number].replicas)

    def _each(self, work: Callable[[Group, int], None]) -> None:
        if self._threads == 1:
            for number, group in enumerate(self._groups):
                work(group, number)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(work, self._groups, range(len(self._groups))))

    def _gathered(self, hidden: bool) -> np.ndarray:
        """(node, replica) +-1 int8."""
        up = np.concatenate([group.bits(hidden) for group in self._groups], axis=1)
        return np.where(up[self._places], np.int8(1), np.int8(-1))

    def _recorded(self, seen: list[Seen], nodes: int) -> dict[str, np.ndarray]:
        for group in seen:
            self.spin += group.spin
            self.pair += group.pair
        self.count += self.replicas * len(seen[0].energy)
        series = self.observer.series(seen, self.replicas)
        if nodes:
            series["spins"] = np.concatenate([group.spins for group in seen], axis=2)[:, :, : self.replicas]
        return series


def _rates(fabric: Fabric, order: Ints) -> Rates | None:
    """Wells by place, slots in units of the attempt time; None where one relaxation time holds at every bias."""
    wells = fabric.barriers
    if wells is None:
        return None
    columns = (wells.up, wells.down, wells.critical_up, wells.critical_down, wells.exponent)
    return Rates(fabric.clock.period / wells.tau0[order], *(np.ascontiguousarray(column[order]) for column in columns))


def _plan(fabric: Fabric, order: Ints, places: Ints) -> Plan:
    """The fabric as the kernel wants it: by place, with arguments of the sigmoid in units of ln 2."""
    law = fabric.actual
    scale = 2.0 * law.beta * fabric.slope / np.log(2.0)
    targets = np.concatenate([law.edges[:, 0], law.edges[:, 1]])
    sources = np.concatenate([law.edges[:, 1], law.edges[:, 0]])
    weights = np.concatenate([law.weights, law.weights])
    few = whole(law.weights)
    if few is None:
        integers, unit = fixed(fabric.nodes, targets, scale[targets] * weights)
    else:
        integers, unit = np.tile(few[0], 2), scale * few[1]
    base = np.zeros(fabric.nodes, dtype=np.int64)
    np.subtract.at(base, targets, integers)
    coupled = rows(places, targets, sources, 2 * integers)
    bias = scale * law.biases + fabric.shift / np.log(2.0)
    return Plan(
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
