"""ADC and DAC banks at work.

ADC, at its clock's edges: jitter, sample and hold with kT/C_s noise, gain, offset, input noise, transition table,
clipping; codes are published `latency` later. DAC: latches the codes on its input nets at its clock's first edge
at or after they were written; its output steps `settling` later and is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thermosim.circuit.program import AdcBank, DacBank
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats, Ints
from thermosim.engine.counters import Counters
from thermosim.engine.held import Held, Rows, compact
from thermosim.engine.island import IslandRunner, Loading
from thermosim.engine.jumps import JumpRunner
from thermosim.engine.learning import Learner
from thermosim.engine.nonlinear import NonlinearRunner
from thermosim.kernels.conversion import convert, look_up
from thermosim.kernels.normal import normals
from thermosim.streams import replica_keys


class AdcRunner:
    """One ADC bank. `number` conversions have been made; the state of unbuffered samplers is in `loadings`."""

    def __init__(
        self,
        bank: AdcBank,
        islands: Mapping[str, IslandRunner | JumpRunner | NonlinearRunner],
        rails: Held,
        counters: Counters,
        seed: int,
    ) -> None:
        """`islands`: analog net -> the island that it belongs to; nets that are in none are `rails`."""
        replicas = rails.values.shape[1]
        self.bank, self.number = bank, 0
        self._rails = rails
        self._sources: list[tuple[IslandRunner | JumpRunner | NonlinearRunner, Ints, Ints]] = []
        runners = {id(islands[net]): islands[net] for net in bank.inputs if net in islands}
        for runner in runners.values():
            channels = [k for k, net in enumerate(bank.inputs) if net in runner.rows]
            rows = [runner.rows[bank.inputs[k]] for k in channels]
            self._sources.append((runner, np.array(rows), np.array(channels)))
            if bank.jitter > 0:
                _linear(runner).watch_aperture()
        held = [k for k, net in enumerate(bank.inputs) if net not in islands]
        self._held = np.array(held, dtype=np.int64)
        self._held_rows = rails.numbers(tuple(bank.inputs[k] for k in held))
        self.loadings: list[Loading] = []
        sampler = np.zeros(len(bank.inputs))
        if bank.sample_capacitance > 0:
            sampler[:] = np.sqrt(BOLTZMANN * bank.temperature / bank.sample_capacitance)
            if not bank.buffered:
                for runner, nodes, opened in self._sources:
                    keys = replica_keys(seed, f"adc {bank.path} sampling {runner.island.path}", replicas)
                    sampler[opened] = 0.0
                    self.loadings.append(
                        Loading(_linear(runner), nodes, bank.sample_capacitance, bank.temperature, keys)
                    )
        self._spread = np.hypot(bank.gain * sampler, bank.input_noise)
        self._keys = replica_keys(seed, f"adc {bank.path} input", replicas)
        self._aperture_keys = replica_keys(seed, f"adc {bank.path} aperture", replicas)
        # All inputs on one island without jitter: the kernel reads the island's state in place.
        self._direct = len(self._sources) == 1 and not len(held) and not self.loadings and bank.jitter == 0
        self._values = np.zeros((len(bank.inputs), replicas))
        self._rows = self._sources[0][1] if self._direct else np.arange(len(bank.inputs))
        self._conversions = counters.new(bank.path, "conversions")
        self._clipped = counters.new(bank.path, "clipped")
        self.learners: list[Learner] = []
        """Those who follow what these readings tell."""

    def zero_code(self) -> int:
        """The nominal code of 0 V, which nets carry before the first publication."""
        return int(np.clip(np.floor(-self.bank.low / self.bank.step), 0, 2**self.bank.bits - 1))

    def sample(self, time: int) -> Ints:
        """Convert what is on the inputs at `time` [fs]: codes (channel, replica)."""
        bank = self.bank
        for runner, _, _ in self._sources:
            runner.advance(time)
        values = self._sources[0][0].state if self._direct else self._read()
        codes = np.empty(self._values.shape, dtype=np.int64)
        convert(
            values, self._rows, bank.gain, bank.offset, self._spread, bank.transitions, bank.low, bank.high,
            self._keys, np.uint64(self.number), codes, self._clipped.at(time),
        )  # fmt: skip
        count = self._conversions.at(time)
        count += len(codes)
        for learner in self.learners:
            learner.read(bank, time, values, self._rows, self._noise(), codes)
        self.number += 1
        return codes

    def checkpoint(self) -> dict[str, Any]:
        """All that the future depends on."""
        return {"number": self.number, "held": [loading.held.copy() for loading in self.loadings]}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take up the state that :meth:`checkpoint` gave."""
        self.number = kept["number"]
        for loading, held in zip(self.loadings, kept["held"], strict=True):
            loading.held = held.copy()

    def _noise(self) -> Floats:
        """Noise of this conversion beyond gain and offset (channel, replica) [V]."""
        normal = np.zeros_like(self._values)
        if self._spread.any():
            normals(self._keys, np.uint64(self.number), normal)
        return self._spread[:, np.newaxis] * normal

    def _read(self) -> Floats:
        values = self._values
        if len(self._held):
            values[self._held] = self._rails.values[self._held_rows]
        delay = normal = values
        if self.bank.jitter > 0:
            draws = np.empty((2 * len(values), values.shape[1]))
            normals(self._aperture_keys, np.uint64(self.number), draws)
            delay, normal = draws[: len(values)] * self.bank.jitter, draws[len(values) :]
        for k, (runner, rows, channels) in enumerate(self._sources):
            seen = None
            if self.bank.jitter > 0:
                seen = _linear(runner).read_around(rows, delay[channels], normal[channels])
            if self.loadings:
                now = runner.state[rows]
                loaded = self.loadings[k].sample(self.number)
                # The aperture moves what is seen; the charge that is taken moves by a negligible part of it.
                seen = loaded if seen is None else loaded + (seen - now)
            values[channels] = runner.state[rows] if seen is None else seen
        return values


def _linear(runner: IslandRunner | JumpRunner | NonlinearRunner) -> IslandRunner:
    """The runner of a linear island; jitter and charge sharing are refused on others when a program is made."""
    assert isinstance(runner, IslandRunner)
    return runner


class DacRunner:
    """One DAC bank between its code nets and its output rails. `due`: time of the latch that is scheduled, or -1."""

    def __init__(
        self,
        bank: DacBank,
        islands: list[IslandRunner | JumpRunner | NonlinearRunner],
        rails: Held,
        codes: Held,
        counters: Counters,
    ) -> None:
        self.bank, self.due = bank, -1
        self._rails, self._codes = rails, codes
        self._in = codes.numbers(bank.inputs)
        self._out = rails.numbers(bank.outputs)
        self._driven: list[tuple[IslandRunner | JumpRunner | NonlinearRunner, Rows, Rows]] = []
        for runner in islands:
            channels = [k for k, net in enumerate(bank.outputs) if net in runner.island.inputs]
            if channels:
                rows = [runner.island.inputs.index(bank.outputs[k]) for k in channels]
                self._driven.append((runner, compact(rows), compact(channels)))
        self._updates = counters.new(bank.path, "updates")

    def latch(self, time: int) -> Floats:
        """Take over the codes on the input nets: the new output voltages (channel, replica) [V]."""
        self.due = -1
        count = self._updates.at(time)
        count += len(self.bank.inputs)
        codes = self._codes.values[self._in]
        volts = np.empty(codes.shape)
        look_up(self.bank.levels, codes, volts)
        return volts

    def step(self, time: int, volts: Floats) -> None:
        """The output has settled: everything that it drives sees it from `time` [fs] on."""
        for runner, rows, channels in self._driven:
            runner.advance(time)
            runner.drive(rows, volts[channels])
        self._rails.set(time, self._out, volts)
