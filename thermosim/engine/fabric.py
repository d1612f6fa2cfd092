"""A fabric of clocked p-bits at work: slot k updates the p-bits of colour k mod colours, and all colours make a sweep.

    P(s_i' = +1) = p_i + (x_i - p_i) memory_i,   p_i = 1 / (1 + exp(-a_i)),
    a_i = 2 beta slope_i (sum_j J_ij s_j + h_i) + shift_i + V_i / V_s,i

Where the barriers of a device depend on the bias, p_i and memory_i follow from the rates at a_i.

`rng: held`: x_i is the latched output, and only the slot's colour draws. `rng: free`: x_i is a hidden bit of every
p-bit that relaxes in every slot; the outputs of the slot's colour are latched from it at the end of the slot.

Replicas run in groups of a fixed number of lanes. Words are named by (seed, fabric path, pair of replicas, slot,
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
from thermosim.engine.observables import Observer
from thermosim.kernels.fields import rows
from thermosim.kernels.gibbs import HALF, LANES, Plan, scaled, slots, start
from thermosim.kernels.gibbs_rates import Rates, slots_rates
from thermosim.kernels.observe import Seen, observe, run
from thermosim.streams import replica_keys

_NONE = np.zeros(0, dtype=np.float32)
_NOBODY = np.zeros(0, dtype=np.int64)


class FabricRunner:
    """State of one fabric after `slot` slots.

    `spin` (node,), `pair` (edge,): sums of s_i and s_i s_j over replicas and recorded draws, `count` of them; exact.
    """

    def __init__(self, fabric: Fabric, seed: int, replicas: int, threads: int = 1, up: bool = False) -> None:
        """First spins at random from the fabric's stream, or all `up`."""
        self.fabric, self.replicas, self.slot = fabric, replicas, 0
        self._groups = -(-replicas // LANES)
        self._threads = min(threads, self._groups)
        law, n = fabric.actual, fabric.nodes
        self._order = np.argsort(fabric.colour, kind="stable")
        self._places = np.argsort(self._order)
        self._full = self._plan = _plan(fabric, self._order, self._places)
        self._shift, self._beta = fabric.shift[self._order] / np.log(2.0), law.beta
        self._rates = _rates(fabric, self._order)
        self._volts = 1.0 / (np.log(2.0) * fabric.volts[self._order])
        nets = fabric.input_nets if fabric.input_nets is not None else ("",) * n
        self._volts[[not nets[node] for node in self._order]] = 0.0
        self.observer = Observer(fabric, self._places)
        self.spin: Ints = np.zeros(n, dtype=np.int64)
        self.pair: Ints = np.zeros(len(law.edges), dtype=np.int64)
        self.count = 0
        self._keys = replica_keys(seed, f"fabric {fabric.path}", self._groups * HALF).reshape(self._groups, HALF)
        self._state = np.ones((self._groups, n * LANES), dtype=np.float32)
        if not up:
            for group in range(self._groups):
                start(self._keys[group], self._plan.node, self._state[group])
        free = fabric.rng == "free"
        self._hidden = self._state.copy() if free else np.zeros((self._groups, 0), dtype=np.float32)

    @property
    def updates(self) -> int:
        """Outputs latched so far in one replica."""
        sweeps, colour = divmod(self.slot, self.fabric.colours)
        return int(sweeps * self.fabric.nodes + self._plan.bounds[colour])

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
            now = self.slot // self.fabric.colours
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
            self._plan = scaled(self._full, self._shift, beta / self.fabric.actual.beta)

    def _advance(self, sweeps: int, record: bool, every: int, nodes: Ints) -> dict[str, np.ndarray]:
        begin, colours = self.slot, self.fabric.colours
        self.slot += sweeps * colours
        if not record:
            self._each(lambda g: self._run(g, begin, begin + sweeps * colours, _NONE))
            return {}
        watch = self.observer.watch(nodes)
        seen = [self.observer.blank(sweeps // every, len(nodes)) for _ in range(self._groups)]
        step = every * colours
        if self._rates is None:
            self._each(lambda g: run(*self._bits(g), begin, step, self._plan, _NONE, watch, self._valid(g), seen[g]))
            return self._recorded(seen, len(nodes))

        def draws(g: int) -> None:
            for draw in range(sweeps // every):
                self._run(g, begin + draw * step, begin + (draw + 1) * step, _NONE)
                observe(self._state[g], watch, self._valid(g), draw, seen[g])

        self._each(draws)
        return self._recorded(seen, len(nodes))

    def advance_slot(self, volts: Floats | None = None) -> None:
        """Run one slot, with `volts` (node, replica) [V] at the analog inputs; nodes without an input ignore theirs."""
        drive = self._drive(volts)
        begin = self.slot
        self._take_up(begin // self.fabric.colours)
        self.slot += 1
        self._each(lambda g: self._run(g, begin, begin + 1, drive[g]))

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
        seen = [self.observer.blank(1, len(nodes)) for _ in range(self._groups)]
        self._each(lambda g: observe(self._state[g], watch, self._valid(g), 0, seen[g]))
        return self._recorded(seen, len(nodes))

    def spins(self) -> np.ndarray:
        """Outputs (node, replica) +-1 int8."""
        return self._ungrouped(self._state)

    def sums(self) -> dict[str, np.ndarray]:
        """Sums by their names in a record, and the present state."""
        path = self.fabric.path
        count = np.array(self.count, dtype=np.int64)
        sums = {f"{path}:spin": self.spin.copy(), f"{path}:pair": self.pair.copy(), f"{path}:count": count}
        return sums | {f"{path}:last": self.spins()}

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on, and the sums so far."""
        hidden = self._ungrouped(self._hidden) if self._hidden.size else np.zeros((0, self.replicas), dtype=np.int8)
        kept = {"slot": self.slot, "spins": self.spins(), "hidden": hidden}
        return kept | {"spin": self.spin.copy(), "pair": self.pair.copy(), "count": self.count}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.slot, self.count = int(kept["slot"]), int(kept["count"])
        self.spin[:], self.pair[:] = kept["spin"], kept["pair"]
        self._state[:] = self._padded(kept["spins"])
        if self._hidden.size:
            self._hidden[:] = self._padded(kept["hidden"])

    def _drive(self, volts: Floats | None) -> np.ndarray:
        """What analog inputs add (group, node * LANES), in units of ln 2; (group, 0) without them."""
        if volts is None:
            return np.zeros((self._groups, 0), dtype=np.float32)
        padded = np.zeros((self.fabric.nodes, self._groups * LANES))
        padded[:, : self.replicas] = volts[self._order]
        padded *= self._volts[:, np.newaxis]
        return self._grouped(padded.astype(np.float32))

    # -- groups -----------------------------------------------------------------------------------------------

    def _each(self, work: Callable[[int], Any]) -> None:
        if self._threads == 1:
            for group in range(self._groups):
                work(group)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(work, range(self._groups)))

    def _bits(self, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._state[group], self._hidden[group], self._keys[group]

    def _run(self, group: int, begin: int, end: int, drive: np.ndarray) -> None:
        """Slots begin .. end-1 of one group by the kernel of this kind of p-bit."""
        if self._rates is None:
            slots(*self._bits(group), begin, end, self._plan, drive)
        else:
            slots_rates(*self._bits(group), begin, end, self._plan, self._rates, drive)

    def _valid(self, group: int) -> np.uint32:
        """Bit mask of the lanes of a group that are replicas, not padding."""
        return np.uint32(2 ** min(LANES, self.replicas - group * LANES) - 1)

    def _recorded(self, seen: list[Seen], nodes: int) -> dict[str, np.ndarray]:
        for group in seen:
            self.spin += group.spin
            self.pair += group.pair
        self.count += self.replicas * len(seen[0].energy)
        series = self.observer.series(seen, self.replicas)
        if nodes:
            series["spins"] = np.concatenate([group.spins for group in seen], axis=2)[:, :, : self.replicas]
        return series

    def _grouped(self, values: np.ndarray) -> np.ndarray:
        """(place, lane of all groups) -> (group, place * LANES)."""
        return values.reshape(len(values), self._groups, LANES).transpose(1, 0, 2).reshape(self._groups, -1)

    def _ungrouped(self, values: np.ndarray) -> np.ndarray:
        """(group, place * LANES) -> (node, replica) int8."""
        lanes = values.reshape(self._groups, self.fabric.nodes, LANES).transpose(1, 0, 2).reshape(self.fabric.nodes, -1)
        return np.ascontiguousarray(lanes[self._places, : self.replicas].astype(np.int8))

    def _padded(self, spins: np.ndarray) -> np.ndarray:
        """(node, replica) -> (group, place * LANES); lanes without a replica are up."""
        lanes = np.ones((self.fabric.nodes, self._groups * LANES), dtype=np.float32)
        lanes[:, : self.replicas] = spins[self._order]
        return self._grouped(lanes)


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
    coupled = rows(places, targets, sources, scale[targets] * np.concatenate([law.weights, law.weights]))
    bias = scale * law.biases + fabric.shift / np.log(2.0)
    return Plan(
        bounds=np.searchsorted(fabric.colour[order], np.arange(fabric.colours + 1)).astype(np.int64),
        node=order.astype(np.uint64),
        first=coupled.first,
        source=coupled.source,
        weight=coupled.weight,
        bias=bias[order].astype(np.float32),
        fresh=(1.0 - fabric.memory[order]).astype(np.float32),
    )
