"""An analog island at work: exact steps between its own events, with draws recorded on the way.

Steps end where something touches the island (a sample, a step of an input) or where a probe records; the
k-th step of a replica uses the k-th block of its noise stream, whatever else the chip contains.

An unbuffered sampler shares charge with its node. With E the columns of the sampled nodes, C_s the sampling
capacitors and v_h their old voltages, the charges that flow onto them are (charge balance and equipartition)

    q = M^-1 (E^T v - v_h) + noise of covariance k T M^-1,   M = E^T C^-1 E + diag(1 / C_s)
    v -> v - C^-1 E q,   v_h -> v_h + q / C_s

Aperture jitter j reads off-state, to first order in j over the relaxation time: forward v + f j + sqrt(D j) z; backward
the time-reversed process v - |j| (f + D Q^-1 e) + sqrt(D |j|) z, e the noise of the step that led here and Q
its covariance (Anderson, Stochastic Process. Appl. 12, 313, 1982).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.analysis.linear import diffusion, drift, input_jump
from thermosim.analysis.propagator import Propagator, propagator
from thermosim.circuit.noise_states import start_factor
from thermosim.circuit.program import Island, LinearLaw
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats, Ints
from thermosim.engine.held import Rows
from thermosim.engine.probes import Tape, Track, connect
from thermosim.errors import SimulationError
from thermosim.kernels.normal import normals
from thermosim.kernels.ou import product, step, steps
from thermosim.streams import replica_keys
from thermosim.times import FEMTOSECONDS, seconds

if TYPE_CHECKING:
    from thermosim.engine.heat import HeatLedger
    from thermosim.engine.learning import Learner

CACHE_BYTES = 64 * 2**20
"""Bound of an island's propagator cache."""
_NEVER = 2**63
_BULK = 2**18  # node updates in one call of the bulk kernel: a call stays well below a tenth of a second


def times(matrix: np.ndarray, columns: np.ndarray) -> Floats:
    """matrix @ columns with sums in a fixed order: a replica's bits do not depend on how many there are."""
    out = np.empty((matrix.shape[0], columns.shape[1]))
    product(np.ascontiguousarray(matrix), np.ascontiguousarray(columns), out)
    return out


class IslandRunner:
    """State of one island: `state` (node, replica) [V], valid at `time` [fs] after `number` steps."""

    def __init__(self, island: Island, held: Floats, seed: int, threads: int) -> None:
        """`held` (input, replica): voltages of the inputs at time 0 [V]."""
        replicas = held.shape[1]
        self.island, self.law = island, island.actual
        self.state: Floats = np.repeat(np.asarray(island.initial, dtype=float)[:, np.newaxis], replicas, axis=1)
        self._begin(seed)
        self.time, self.number = 0, 0
        self.rows = {net: row for row, net in enumerate(island.nodes)}
        self.tracks: list[Track] = []
        self._inputs = len(held)
        self._held = np.vstack([held, np.ones((1, replicas))])
        self._drive = np.empty_like(self.state)
        self._keys = replica_keys(seed, f"island {island.path}", replicas)
        self._threads = threads
        self._cache: OrderedDict[Any, Propagator] = OrderedDict()
        self._jump = input_jump(self.law.capacitance, self.law.input_capacitance)
        self._jumps = bool(self._jump.any())
        self._drift = drift(self.law.capacitance, self.law.conductance)
        sources = np.column_stack([self.law.input_conductance, self.law.current])
        self._inflow = np.ascontiguousarray(np.linalg.solve(self.law.capacitance, sources))
        self._due = _NEVER
        self._aperture: _Aperture | None = None
        self.ledger: HeatLedger | None = None
        self.learner: Learner | None = None
        self._window = _NEVER

    def _begin(self, seed: int) -> None:
        """Noise with a memory begins in its stationary law: the slowest part of 1/f would not get there by waiting."""
        rows, factor = start_factor(self.island)
        if len(rows):
            draws = np.empty((len(rows), self.state.shape[1]))
            normals(replica_keys(seed, f"start {self.island.path}", draws.shape[1]), np.uint64(0), draws)
            self.state[rows] = times(factor, draws)

    def book(self, ledger: HeatLedger, window: int) -> None:
        """Book heat and work from `window` [fs] on; once, before the run."""
        self.ledger, self._window = ledger, window

    def record(self, tapes: Iterable[Tape]) -> None:
        """Put the nets that tapes ask for on them."""
        self.tracks = [track for tape in tapes if (track := connect(tape, self.rows))]
        self._set_due()

    def advance(self, time: int) -> None:
        """Move to `time` [fs], recording every draw that is due up to then; the past stays as it is."""
        while self._due <= time:
            self._record(time)
        if time > self.time:
            self._step(time - self.time)

    def advance_to_draws(self, time: int) -> None:
        """Move to the last draw due up to `time` [fs], so that stopping there adds no step of its own."""
        while self._due <= time:
            self._record(time)

    def drive(self, rows: Rows, volts: Floats) -> None:
        """Step inputs `rows` to `volts` (input, replica) now; coupling capacitors pass the step on at once."""
        before, held = (self.state.copy(), self._held.copy()) if self.ledger else (self.state, self._held)
        if self._jumps:
            moved = times(self._jump[:, rows], volts - self._held[rows])
            self.state += moved
            if self.learner:
                self.learner.shift(moved)
        self._held[rows] = volts
        if self.ledger:
            self.ledger.jump(
                before, self.state, held[: self._inputs], self._held[: self._inputs], self.time >= self._window
            )

    def check(self, seed: int) -> None:
        """Raise if a replica left the finite numbers."""
        bad = np.flatnonzero(~np.isfinite(self.state).all(axis=0))
        if bad.size:
            raise SimulationError(
                f"island '{self.island.path}': the voltage of replica {bad[0]} is not finite at or before "
                f"{seconds(self.time):.9g} s; the run has seed {seed} and fails again with it"
            )

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        last = {} if self._aperture is None else self._aperture.checkpoint()
        last |= {} if self.ledger is None else {"ledger": self.ledger.checkpoint()}
        last |= {} if self.learner is None else {"learner": self.learner.checkpoint()}
        return {"time": self.time, "number": self.number, "state": self.state.copy(), "held": self._held.copy(), **last}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.time, self.number = kept["time"], kept["number"]
        self.state[:] = kept["state"]
        self._held[:] = kept["held"]
        if self._aperture is not None and kept["last_step"]:
            self._aperture.restore(kept["noise"], self._propagator(kept["last_step"]))
        if self.ledger is not None:
            self.ledger.restore(kept["ledger"])
        if self.learner is not None:
            self.learner.restore(kept["learner"])

    def resume_recording(self) -> None:
        """Look again at what the tapes have."""
        self._set_due()

    # -- steps ------------------------------------------------------------------------------------------------

    def _step(self, length: int) -> None:
        if self.ledger and self.time < self._window < self.time + length:
            first = self._window - self.time
            self._step(first)
            length -= first
        exact = self._propagator(length)
        product(exact.inputs, self._held, self._drive)
        expected = None if self._aperture is None else times(exact.decay, self.state) + self._drive
        if self.ledger:
            self.ledger.step(self.state, self._held[: self._inputs], length, self.time >= self._window)
        else:
            step(self.state, exact.decay, self._drive, exact.factor, self._keys, np.uint64(self.number))
        if self._aperture is not None and expected is not None:
            self._aperture.keep(self.state - expected, length, exact)
        self.number += 1
        self.time += length
        if self.learner:
            self.learner.pass_by(exact, self._drive, self.time)

    def _propagator(self, length: int) -> Propagator:
        exact = self._cache.get(length)
        if exact is None:
            return self._keep(length, self.law, length)
        if len(self._cache) > 8:
            self._cache.move_to_end(length)
        return exact

    def _keep(self, key: Any, law: LinearLaw, length: int) -> Propagator:
        """The transition of `law` over `length` [fs], kept under `key`."""
        try:
            exact = propagator(
                law.capacitance, law.conductance, law.noise, law.input_conductance, law.current, seconds(length)
            )
        except ValueError as error:
            raise SimulationError(f"island '{self.island.path}': {error}; look at it more often") from None
        size = exact.decay.nbytes + exact.inputs.nbytes + exact.covariance.nbytes + exact.factor.nbytes
        while self._cache and (len(self._cache) + 1) * size > CACHE_BYTES:
            self._cache.popitem(last=False)
        self._cache[key] = exact
        return exact

    # -- records ----------------------------------------------------------------------------------------------

    def _set_due(self) -> None:
        self._due = min((track.due for track in self.tracks if track.due is not None), default=_NEVER)

    def _record(self, limit: int) -> None:
        """Go to the next draw and take it; with one regular grid take all draws up to `limit` at once."""
        if self._due > self.time:
            self._step(self._due - self.time)
        for track in self.tracks:
            if track.due == self._due:
                track.take(self.state)
        self._set_due()
        live = [track for track in self.tracks if track.due is not None]
        if len(live) == 1 and self._due <= limit and self._aperture is None and not (self.ledger or self.learner):
            self._record_many(live[0], limit)
            self._set_due()

    def _record_many(self, track: Track, limit: int) -> None:
        every = track.tape.every
        left = min((limit - self.time) // every, track.tape.draws - track.taken)
        exact = self._propagator(every)
        product(exact.inputs, self._held, self._drive)
        while left > 0:
            count = min(left, max(1, _BULK // self.state.size))
            track.take_many(self._steps(exact, track.rows, count))
            self.number += count
            self.time += count * every
            left -= count

    def _steps(self, exact: Propagator, rows: Ints, count: int) -> Floats:
        """`count` equal steps; the voltages of `rows` after each of them (step, row, replica)."""
        replicas = self.state.shape[1]
        number = np.uint64(self.number)
        if self._threads == 1 or replicas < 2 * self._threads:
            out = np.empty((count, len(rows), replicas))
            steps(self.state, exact.decay, self._drive, exact.factor, self._keys, number, rows, out)
            return out

        def part(group: Ints) -> tuple[Ints, Floats, Floats]:
            state, drive = self.state[:, group], self._drive[:, group]
            out = np.empty((count, len(rows), len(group)))
            steps(state, exact.decay, drive, exact.factor, self._keys[group], number, rows, out)
            return group, state, out

        whole = np.empty((count, len(rows), replicas))
        with ThreadPoolExecutor(self._threads) as pool:
            for group, state, out in pool.map(part, np.array_split(np.arange(replicas), self._threads)):
                self.state[:, group] = state
                whole[:, :, group] = out
        return whole

    # -- samplers ---------------------------------------------------------------------------------------------

    def watch_aperture(self) -> None:
        """Keep what :meth:`read_around` needs; once, before the run."""
        if self._aperture is None:
            self._aperture = _Aperture(self)

    def read_around(self, rows: Ints, delay: Floats, normal: Floats) -> Floats:
        """Voltages of `rows` at `delay` (row, replica) [s] from now, off-state; `normal` are the reading's draws."""
        assert self._aperture is not None
        return self._aperture.read(rows, delay, normal)

    def slope(self) -> Floats:
        """dv/dt without noise (node, replica) [V/s]."""
        return times(self._inflow, self._held) - times(self._drift, self.state)


class _Aperture:
    """The noise of the last step, for reading a little before now."""

    def __init__(self, runner: IslandRunner) -> None:
        self._runner = runner
        self._diffusion = diffusion(runner.law.capacitance, runner.law.noise)
        self.noise = np.zeros_like(runner.state)
        self._back: dict[float, Floats] = {}
        self._step: Propagator | None = None
        self._length = 0

    def keep(self, noise: Floats, length: int, exact: Propagator) -> None:
        self.noise, self._step, self._length = noise, exact, length

    def checkpoint(self) -> dict[str, Any]:
        return {"noise": self.noise.copy(), "last_step": self._length}

    def restore(self, noise: Floats, exact: Propagator) -> None:
        self.noise, self._step, self._length = noise.copy(), exact, round(exact.seconds * FEMTOSECONDS)

    def read(self, rows: Ints, delay: Floats, normal: Floats) -> Floats:
        runner = self._runner
        if self._step is None:  # nothing lies before time 0
            delay = np.abs(delay)
        slope = runner.slope()[rows]
        back = slope if self._step is None else slope + times(self._pull(self._step), self.noise)[rows]
        spread = np.sqrt(np.diag(self._diffusion)[rows, np.newaxis] * np.abs(delay))
        return np.asarray(runner.state[rows] + delay * np.where(delay >= 0, slope, back) + spread * normal)

    def _pull(self, exact: Propagator) -> Floats:
        """D Q^-1 of one step [1/s]; where no noise enters there is nothing to undo."""
        if exact.seconds not in self._back:
            if len(self._back) > 64:
                self._back.clear()
            scale = np.sqrt(np.diag(exact.covariance))
            scale[scale == 0] = 1.0
            inverse = np.linalg.pinv(exact.covariance / np.outer(scale, scale), hermitian=True) / np.outer(scale, scale)
            self._back[exact.seconds] = self._diffusion @ inverse
        return self._back[exact.seconds]


class Loading:
    """Unbuffered samplers that open onto one island at the same instant: `held` (channel, replica) [V]."""

    def __init__(
        self, runner: IslandRunner, rows: Ints, capacitance: float, temperature: float, keys: np.ndarray
    ) -> None:
        inverse = np.linalg.inv(runner.law.capacitance)
        columns = inverse[:, rows]
        exchange = np.linalg.inv(columns[rows] + np.eye(len(rows)) / capacitance)
        self._runner, self._rows, self._keys = runner, rows, keys
        self._columns, self._exchange, self._capacitance = columns, exchange, capacitance
        self._spread = np.linalg.cholesky(BOLTZMANN * temperature * exchange) if temperature > 0 else None
        self.held = np.zeros((len(rows), runner.state.shape[1]))

    def sample(self, number: int) -> Floats:
        """Share charge; the voltages on the sampling capacitors (channel, replica) [V]."""
        state = self._runner.state
        charge = times(self._exchange, state[self._rows] - self.held)
        if self._spread is not None:
            noise = np.empty_like(charge)
            normals(self._keys, np.uint64(number), noise)
            charge += times(self._spread, noise)
        state -= times(self._columns, charge)
        self.held = self.held + charge / self._capacitance
        return self.held
