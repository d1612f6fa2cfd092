"""Generators of the netlist -> staircases: expressions and joined points are read off at the generator's updates.

    t_k = floor(k / rate) femtoseconds,   h_k = h(k / rate)

An arbitrary waveform generator holds each value until its next update; nothing in between is smoothed.
"""

from __future__ import annotations

import csv
import math
from fractions import Fraction

import numpy as np

from thermosim.circuit.circuit import Circuit
from thermosim.circuit.data_files import folder
from thermosim.circuit.signals import Stairs, merged
from thermosim.errors import Problems
from thermosim.netlist.expressions import tabulate
from thermosim.netlist.generators import Generator
from thermosim.times import FEMTOSECONDS, LIMIT
from thermosim.units import Quantity, dimension_of

MOST = 100_000
"""Stairs of one generator."""
Points = list[tuple[Fraction, float]]


class GeneratorError(ValueError):
    """A generator that makes no staircase; `key` says which of its keys is at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def build_generators(circuit: Circuit, problems: Problems) -> dict[str, Stairs]:
    """The staircase of every generator that can be built."""
    found = {}
    for name, spec in circuit.netlist.generators.items():
        at = ("generators", name)
        try:
            found[name] = _stairs(circuit, name, spec)
        except GeneratorError as error:
            problems.add(
                circuit.netlist.document.position((*at, error.key)), f"generators.{name}.{error.key}", str(error)
            )
    return found


def _stairs(circuit: Circuit, name: str, spec: Generator) -> Stairs:
    length = None if spec.period is None else _whole(spec.period.value)
    if spec.expression is not None:
        assert spec.end is not None
        ticks = _ticks(spec, spec.end)
        quantities = [Quantity(float(tick), dimension_of("s")) for tick in ticks]
        names = {**circuit.netlist.parameters, "pi": math.pi}
        if "t" in names:
            raise GeneratorError("expression", "a parameter is called 't', which is the time here; rename it")
        try:
            values = tabulate(spec.expression, "1", names, "t", quantities)
        except ValueError as error:
            raise GeneratorError("expression", str(error)) from None
        return merged(f"generator '{name}'", [_floor(tick) for tick in ticks], values, length)
    key = "points" if spec.points is not None else "file"
    points = _of_file(circuit, spec) if spec.points is None else [(Fraction(t.value), h) for t, h in spec.points]
    if spec.between == "steps":
        if len(points) > MOST:
            raise GeneratorError(key, f"{len(points)} points are more than a generator holds ({MOST})")
        return merged(f"generator '{name}'", [_whole(t, key) for t, _ in points], [h for _, h in points], length)
    knots, heights = [float(t) for t, _ in points], [h for _, h in points]
    if spec.end is not None and points[-1][0] < spec.end:
        knots, heights = [*knots, float(spec.end)], [*heights, heights[0]]
    end = points[-1][0] if spec.end is None else spec.end
    ticks = _ticks(spec, end)
    values = np.interp([float(tick) for tick in ticks], knots, heights).tolist()
    times = [_floor(tick) for tick in ticks]
    if spec.end is None:
        times, values = [*times, _whole(end, key)], [*values, heights[-1]]
    return merged(f"generator '{name}'", times, values, length)


def _ticks(spec: Generator, end: Fraction) -> list[Fraction]:
    """Times of the updates before `end` [s]."""
    assert spec.rate is not None
    count = math.ceil(end * spec.rate)
    if count > MOST:
        raise GeneratorError(
            "rate", f"{count} updates until {float(end):g} s are more than a generator holds ({MOST}); lower the rate"
        )
    return [Fraction(k) / spec.rate for k in range(max(1, count))]


def _floor(time: Fraction) -> int:
    return int(time * FEMTOSECONDS // 1)


def _whole(time: Fraction | int, key: str = "period") -> int:
    ticks = Fraction(time) * FEMTOSECONDS
    if ticks.denominator != 1 or ticks > LIMIT:
        raise GeneratorError(key, f"{float(time):g} s is not a whole number of femtoseconds below 2.5 hours")
    return int(ticks)


def _of_file(circuit: Circuit, spec: Generator) -> Points:
    """Lines ``seconds,gain``; those that begin with # are left out."""
    assert spec.file is not None
    path = folder(circuit.netlist) / spec.file
    if not path.is_file():
        raise GeneratorError("file", f"no file '{spec.file}' beside the netlist")
    circuit.netlist.document.note(spec.file, path.read_bytes())
    points: Points = []
    with path.open(newline="") as stream:
        for number, row in enumerate(csv.reader(stream), 1):
            if not row or row[0].lstrip().startswith("#"):
                continue
            try:
                time, gain = Fraction(row[0].strip()), float(row[1])
                if len(row) != 2 or not math.isfinite(gain):
                    raise ValueError
            except (ValueError, IndexError, ZeroDivisionError):
                raise GeneratorError("file", f"line {number} of '{spec.file}' is not 'seconds,gain'") from None
            if (points and time <= points[-1][0]) or (not points and time != 0):
                raise GeneratorError("file", f"line {number} of '{spec.file}': times begin at 0 and rise")
            points.append((time, gain))
    if not points:
        raise GeneratorError("file", f"'{spec.file}' holds no points")
    if spec.end is not None and points[-1][0] >= spec.end:
        raise GeneratorError("file", f"the last point of '{spec.file}' lies beyond the period")
    return points
