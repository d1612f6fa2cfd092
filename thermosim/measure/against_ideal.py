"""Moments of a chip against those of a run of the ideal sampler of its law, with what a perfect sampler scores.

How many independent moments are compared, and their errors, comes from the ideal run; the chip's errors are its, times
the ratio of their autocorrelation times in the observables that speak for those moments, weighted with their variances.
Energies and array means are compared in units of the law's standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thermosim.analysis.distance import Distance, moment_error
from thermosim.analysis.mixing import Mixing, integrated_time
from thermosim.contracts import Floats
from thermosim.measure.mixing import PartMixing

if TYPE_CHECKING:
    from thermosim.ideal.gibbs import Moments


@dataclass(frozen=True)
class Pace:
    """Mixing of an ideal sampler in the observables that the chip has too, and their variances."""

    mixing: tuple[Mixing, ...]
    variance: Mapping[str, float]


def _slowdown(chip: PartMixing, ideal: Pace, names: list[str], time: float) -> tuple[float, float]:
    """Ratio of the errors' squares of the chip to those of the ideal run at equal samples, and its standard error.

    `time`: autocorrelation time of the ideal run's moments. Moments forget faster than the observables that give the
    ratio, but draws that are far apart are independent and no better than that.
    """
    own = {one.name: one for one in chip.observables if one.name in names and math.isfinite(one.tau)}
    other = {one.name: one for one in ideal.mixing if one.name in own and math.isfinite(one.tau)}

    def total(found: dict[str, Mixing], figure: str) -> float:
        return sum(ideal.variance[name] * float(getattr(found[name], figure)) for name in other)

    ratio = total(own, "tau") / total(other, "tau")
    # One slow mode may be in all of them, so that their errors do not average out.
    doubt = math.hypot(total(own, "tau_error") / total(own, "tau"), total(other, "tau_error") / total(other, "tau"))
    return max(ratio, min(1.0, 1.0 / time)), ratio * doubt


@dataclass(frozen=True)
class Yardstick:
    """An ideal run of `draws` draws in all of the law called `law`, and how it and the chip mix."""

    chip: PartMixing
    ideal: Pace
    draws: int
    law: str

    @property
    def samples(self) -> int:
        """Draws of the chip."""
        return self.chip.chains * self.chip.draws

    def moments(self, quantity: str, own: Floats, their: Moments, names: list[str]) -> Distance:
        """Distance of many moments, whose errors follow the observables `names`."""
        ratio, ratio_doubt = _slowdown(self.chip, self.ideal, names, their.time)
        other = float((their.error**2).mean())
        share = other * self.draws / self.samples
        square = other + share * ratio
        doubt = math.hypot(share * ratio_doubt, square * math.sqrt(2.0 / (their.freedom * their.independent)))
        length = self.samples / (their.time * ratio)
        return moment_error(own, their.mean, self.law, square, doubt, their.independent, length, quantity)

    def shift(self, quantity: str, difference: float, series: Floats, tau: float) -> Distance:
        """Distance of one mean whose autocorrelation time on the chip is `tau`, given the ideal run's `series`."""
        error = math.sqrt(tau / self.samples + integrated_time(series).tau / series.size)
        floor, scatter = math.sqrt(2 / math.pi) * error, math.sqrt(1 - 2 / math.pi) * error
        value = abs(difference) / float(series.std())
        return Distance(quantity, self.law, value, error, floor, scatter, self.samples / tau)
