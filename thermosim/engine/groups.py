"""Replicas of a fabric in groups, and which kernel works on each: a matter of speed; all but two give the same bits.

| kernel | replicas side by side | chosen |
|---|---|---|
| lanes | 32 | for groups with more than :data:`FEW` replicas, on lattices :data:`SOME` |
| chain | p-bits of a colour | for groups with fewer |
| few | 32 | for such groups where couplings are few multiples of one step |
| dense | couplings of a p-bit | for groups of at most :data:`SOME` replicas on dense graphs, RNGs held |
| packed | 64, a bit each | for more than 32 replicas where sums of couplings take few values; bits of its own |
| rates | 32 | always and only where rates depend on the bias or responses differ, which is another law |
| bodies | 32 | always and only where p-bits stand in terms of three or four |

The choice is a function of the fabric and the number of replicas, never of threads or of how a run is cut into pieces.
"""

from __future__ import annotations

import numpy as np

from thermosim.circuit.program import Fabric
from thermosim.contracts import Floats
from thermosim.engine.group import NO_DRIVE, Group
from thermosim.engine.observables import Watched
from thermosim.engine.single_groups import ChainGroup, DenseGroup
from thermosim.kernels.blocks import blocks
from thermosim.kernels.bodies import Bodies, body_run, body_slots, observe_bodies
from thermosim.kernels.chain import SIZE
from thermosim.kernels.dense import columns
from thermosim.kernels.few import few_run, few_slots
from thermosim.kernels.fields import Rows, whole
from thermosim.kernels.gibbs import LANES, Plan, slots, start
from thermosim.kernels.gibbs_rates import Rates, run_rates, slots_rates
from thermosim.kernels.observe import Seen, observe, run
from thermosim.kernels.observe_packed import packed_observe, packed_run
from thermosim.kernels.packed import REPLICAS, packed_slots, packed_start
from thermosim.kernels.packed_tables import Chances, Wiring, chances, wire
from thermosim.kernels.runs import runs

FEW = 6
"""Replicas at most that are worked on one by one."""
SOME = 12
"""The same on lattices and dense graphs, where one at a time is not as slow."""
ALIKE = 32
"""Couplings on average for each distance between the numbers of coupled p-bits, from which on a graph is a lattice."""
WIDE = 8
"""P-bits of a colour for which it pays to put them side by side."""
DEGREE = 1000
"""Neighbours at most whose few-bit couplings add up in 16 bits."""
DENSE = 4096
"""Largest fabric with a matrix of couplings (64 MiB)."""
LEVELS = 16
"""Values of a sum of couplings up to which words of replicas are faster than bytes."""
STAIR = 16
"""Sweeps of a stair of a schedule, on average, that pay for its tables of thresholds."""


def kernels(fabric: Fabric, replicas: int) -> tuple[str, ...]:
    """Name of the kernel of every group, which has REPLICAS replicas if it is packed and else LANES."""
    if fabric.barriers is not None:
        return ("rates",) * -(-replicas // LANES)
    if len(fabric.actual.terms):
        return ("bodies",) * -(-replicas // LANES)
    if replicas > LANES and packs(fabric):
        return ("packed",) * -(-replicas // REPLICAS)
    dense = fabric.rng == "held" and WIDE <= fabric.nodes <= min(DENSE, WIDE * fabric.colours)
    degree = np.bincount(fabric.actual.edges.ravel(), minlength=1).max()
    side_by_side = "few" if degree <= DEGREE and whole(fabric.actual.couplings()[2]) is not None else "lanes"
    one_by_one, most = ("dense", SOME) if dense else ("chain", SOME if lattice(fabric) else FEW)
    sizes = [min(LANES, replicas - first) for first in range(0, replicas, LANES)]
    return tuple(one_by_one if size <= most else side_by_side for size in sizes)


def lattice(fabric: Fabric) -> bool:
    """Whether p-bits with successive numbers mostly couple to p-bits with successive numbers."""
    edges = fabric.actual.edges
    return len(edges) >= ALIKE * len(np.unique(edges[:, 1] - edges[:, 0]))


def packs(fabric: Fabric) -> bool:
    """Whether words of replicas are faster: sums of few values, enough p-bits of a colour, one beta for many sweeps."""
    targets, _, weights = fabric.actual.couplings()
    few = whole(weights)
    if few is None or fabric.input_nets is not None or fabric.nodes < WIDE * fabric.colours:
        return False
    levels = 1 + int(np.bincount(targets, np.abs(few[0]), minlength=1).max())
    lasting = len(fabric.schedule) < 2 or fabric.schedule[-1][0] >= STAIR * (len(fabric.schedule) - 1)
    return levels <= LEVELS and lasting


def _up(size: int) -> np.ndarray:
    """Masks (size,) int8, all up, that begin with a cache line: loads across two lines take twice as long."""
    room = np.full(size + 64, -1, dtype=np.int8)
    begin = -room.ctypes.data % 64
    return room[begin : begin + size]


class LaneGroup(Group):
    """Replicas side by side, the rest of the lanes filled with replicas that nobody sees."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool) -> None:
        super().__init__(plan, keys, replicas)
        self._state = _up(self.nodes * LANES)
        self._hidden = _up(self.nodes * LANES if free else 0)

    @property
    def lanes(self) -> int:
        return LANES

    def start(self) -> None:
        start(self.keys, self.plan.node, self._state)
        if self._hidden.size:
            self._hidden[:] = self._state

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        slots(self._state, self._hidden, self.keys, begin, end, self.plan, self._padded(drive))

    def _padded(self, drive: Floats | None) -> np.ndarray:
        """Drive of all lanes (place * LANES,)."""
        if drive is None:
            return NO_DRIVE
        padded = np.zeros((self.nodes, LANES), dtype=np.float32)
        padded[:, : self.replicas] = drive
        return padded.ravel()

    def _valid(self) -> np.uint32:
        return np.uint32(2**self.replicas - 1)

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        run(
            self._state, self._hidden, self.keys, begin, every, self.plan, NO_DRIVE, watched.lanes, self._valid(), seen
        )  # fmt: skip

    def observe(self, watched: Watched, seen: Seen) -> None:
        observe(self._state, watched.lanes, self._valid(), 0, seen)

    def bits(self, hidden: bool = False) -> np.ndarray:
        values = self._hidden if hidden else self._state
        up: np.ndarray = values.reshape(-1, LANES)[:, : self.replicas] != 0
        return up

    def set_bits(self, up: np.ndarray, hidden: bool = False) -> None:
        values = self._hidden if hidden else self._state
        values.reshape(self.nodes, LANES)[:, : self.replicas] = -up.astype(np.int8)


class FewGroup(LaneGroup):
    """Replicas side by side, a byte to a coupling."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool) -> None:
        super().__init__(plan, keys, replicas, free)
        self._small = (plan.weight // 2).astype(np.int8)

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        few_slots(self._state, self._hidden, self.keys, begin, end, self.plan, self._small, self._padded(drive))

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        few_run(
            self._state, self._hidden, self.keys, begin, every, self.plan, self._small, NO_DRIVE, watched.lanes,
            self._valid(), seen,
        )  # fmt: skip


class RateGroup(LaneGroup):
    """Replicas side by side, of p-bits whose rates depend on the bias."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool, rates: Rates) -> None:
        super().__init__(plan, keys, replicas, free)
        self._rates, self._attempts = rates, rates.attempts

    def take_up(self, plan: Plan) -> None:
        """As of any group; a p-bit without attempts is held."""
        super().take_up(plan)
        self._rates = self._rates._replace(attempts=np.where(plan.fresh == 0, 0.0, self._attempts))

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        slots_rates(self._state, self._hidden, self.keys, begin, end, self.plan, self._rates, self._padded(drive))

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        run_rates(
            self._state, self._hidden, self.keys, begin, every, self.plan, self._rates, NO_DRIVE, watched.lanes,
            self._valid(), seen,
        )  # fmt: skip


class BodyGroup(LaneGroup):
    """Replicas side by side, of p-bits in terms of three or four."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool, terms: Bodies) -> None:
        super().__init__(plan, keys, replicas, free)
        self._terms = terms

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        body_slots(self._state, self._hidden, self.keys, begin, end, self.plan, self._terms, self._padded(drive))

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        body_run(
            self._state, self._hidden, self.keys, begin, every, self.plan, self._terms, NO_DRIVE, watched.lanes,
            watched.bodies, self._valid(), seen,
        )  # fmt: skip

    def observe(self, watched: Watched, seen: Seen) -> None:
        observe_bodies(self._state, watched.lanes, watched.bodies, self._valid(), 0, seen)


class PackedGroup(Group):
    """Replicas in words; thresholds are made anew when the plan is replaced."""

    def __init__(self, plan: Plan, keys: np.ndarray, replicas: int, free: bool, wiring: Wiring) -> None:
        super().__init__(plan, keys, replicas)
        self._state = np.full(self.nodes, -1, dtype=np.int64).view(np.uint64)
        self._hidden = self._state.copy() if free else self._state[:0]
        self._wiring, self._made = wiring, plan
        self._chances: Chances = chances(plan, wiring)
        self._valid = np.uint64(2**replicas - 1)

    @property
    def lanes(self) -> int:
        return REPLICAS

    def start(self) -> None:
        packed_start(self.keys[0], self.plan.node, self._state)
        self._hidden[:] = self._state[: len(self._hidden)]

    def _law(self) -> Chances:
        """Thresholds of the present plan."""
        if self._made is not self.plan:
            self._made, self._chances = self.plan, chances(self.plan, self._wiring)
        return self._chances

    def slots(self, begin: int, end: int, drive: Floats | None = None) -> None:
        if drive is not None:
            raise ValueError("words of replicas take no analog inputs")
        packed_slots(
            self._state, self._hidden, self.keys[0], begin, end, self.plan.bounds, self._wiring, self._law()
        )  # fmt: skip

    def run(self, begin: int, every: int, watched: Watched, seen: Seen) -> None:
        packed_run(
            self._state, self._hidden, self.keys[0], begin, every, self.plan.bounds, self._wiring, self._law(),
            watched.lanes, self._valid, seen,
        )  # fmt: skip

    def observe(self, watched: Watched, seen: Seen) -> None:
        packed_observe(self._state, watched.lanes, self._valid, 0, seen)

    def bits(self, hidden: bool = False) -> np.ndarray:
        words = (self._hidden if hidden else self._state).astype("<u8")
        up = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        return up[:, : self.replicas].astype(bool)

    def set_bits(self, up: np.ndarray, hidden: bool = False) -> None:
        lanes = np.zeros((self.nodes, REPLICAS), dtype=bool)
        lanes[:, : self.replicas] = up
        words = np.packbits(lanes, axis=1, bitorder="little").view("<u8")
        (self._hidden if hidden else self._state)[:] = words.ravel()


def groups(
    names: tuple[str, ...], plan: Plan, terms: Bodies | None, keys: np.ndarray, replicas: int, free: bool,
    rates: Rates | None = None,
) -> list[Group]:  # fmt: skip
    """A group for each name, on the keys (group, HALF) of its pairs of replicas; `terms`, `rates` for those of such."""
    rows = Rows(plan.first, plan.source, plan.weight)
    laid = blocks(rows, plan.bounds, SIZE) if "chain" in names else None
    found = runs(laid, laid.weight != 0) if laid is not None else None
    matrix = columns(rows, len(plan.node)) if "dense" in names else None
    wiring = wire(plan) if "packed" in names else None
    width = LANES if wiring is None else REPLICAS
    made: list[Group] = []
    for number, name in enumerate(names):
        size, mine = min(width, replicas - number * width), keys[number]
        if wiring is not None:
            made.append(PackedGroup(plan, mine, size, free, wiring))
        elif name == "rates" and rates is not None:
            made.append(RateGroup(plan, mine, size, free, rates))
        elif name == "bodies" and terms is not None:
            made.append(BodyGroup(plan, mine, size, free, terms))
        elif name == "dense" and matrix is not None:
            made.append(DenseGroup(plan, mine, size, matrix))
        elif name == "chain" and laid is not None and found is not None:
            made.append(ChainGroup(plan, mine, size, free, laid, found))
        else:
            made.append((FewGroup if name == "few" else LaneGroup)(plan, mine, size, free))
    return made
