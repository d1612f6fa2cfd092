"""What the parts of a compiled chip can be: ranges, resolution, swing. The values are assumed, none is of a real chip.

A bank of conductances (or capacitors) holds multiples of its largest value / (2^bits - 1); nothing else is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from thermosim.compile.matrix import GROUND, Element, in_steps
from thermosim.contracts import Floats
from thermosim.errors import ThermosimError
from thermosim.units import show


@dataclass(frozen=True)
class Parts:
    """Ranges of the parts.

    `r_min`, `r_max` [Ohm]; `c_min`, `c_max` [F]; `temperature` [K] of every resistor; `swing` [V]: rms of the largest
    differential voltage where noise is injected, and the largest mean where currents are; `bits` of each bank, None for
    values as exact as a float; `adc`: the card whose conversions a read costs, at `reference` [V].
    """

    r_min: float = 100e3
    r_max: float = 1e9
    c_min: float = 1e-15
    c_max: float = 1e-12
    temperature: float = 300.0
    swing: float = 0.05
    bits: int | None = None
    adc: str = "adc/sar8"
    reference: float = 0.25

    def __post_init__(self) -> None:
        wrong = [
            f"{field.name} = {value!r}"
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), float) and not (np.isfinite(value) and value > 0)
        ]
        if self.r_min >= self.r_max or self.c_min >= self.c_max:
            wrong.append("r_min and c_min must lie below r_max and c_max")
        if self.bits is not None and not 1 <= self.bits <= 24:
            wrong.append(f"bits = {self.bits}: 1 to 24")
        if wrong:
            raise ThermosimError(f"parts: {'; '.join(wrong)}; ranges are finite and above zero")


@dataclass(frozen=True)
class Bank:
    """Elements in units of the bank's largest value, and what the range `least` to `most` is called."""

    least: float
    most: float
    unit: str

    def fill(
        self,
        wanted: tuple[Element, ...],
        bits: int | None,
        rng: np.random.Generator | None,
        name: str,
        largest: float | None = None,
    ) -> tuple[tuple[Element, ...], float]:
        """Elements as the bank holds them [unit], and the factor from the matrix's entries to them.

        The entry `largest` is the bank's largest value: that of `wanted` if None.

        Raises
        ------
        ThermosimError
            With every element out of range; or if the step of the bank is, or rounding leaves no element to ground.
        """
        values = np.array([part.value for part in wanted])
        factor = self.most / (float(values.max()) if largest is None else largest)
        sizes = values * factor
        if bits is None:
            low = [part for part, size in zip(wanted, sizes, strict=True) if size < self.least * (1 - 1e-12)]
            if low:
                listed = ", ".join(f"{_where(part, name)} ({show(part.value * factor, self.unit)})" for part in low[:4])
                raise ThermosimError(
                    f"{len(low)} element{'s' * (len(low) > 1)} of {name} below the range {show(self.least, self.unit)} "
                    f"to {show(self.most, self.unit)}: {listed}; widen the range, state bits to round them, or "
                    "set them to 0"
                )
        else:
            step = self.most / (2**bits - 1)
            if step < self.least:
                raise ThermosimError(
                    f"{bits} bits of {show(self.most, self.unit)} have a step of {show(step, self.unit)}, below the "
                    f"range's {show(self.least, self.unit)}; use fewer bits or a wider range"
                )
            sizes = in_steps(sizes, step, rng)
        filled = tuple(
            Element(part.a, part.b, part.crossed, float(size))
            for part, size in zip(wanted, sizes, strict=True)
            if size > 0
        )
        if not any(part.b == GROUND for part in filled):
            raise ThermosimError(
                f"{name} rounded to {bits} bits has no element to ground left, so it is singular; use more bits"
            )
        return filled, factor


def _where(part: Element, name: str) -> str:
    return f"row {part.a} to ground" if part.b == GROUND else f"{name}[{part.b}, {part.a}]"


def scaled(parts: tuple[Element, ...], factors: Floats) -> tuple[Element, ...]:
    """Elements to ground with their values times `factors` (node,)."""
    return tuple(Element(part.a, part.b, part.crossed, part.value * float(factors[part.a])) for part in parts)
