"""What the digital side of a run learnt of each linear island, and what that must cost and does cost.

    readings   exact: sum of ln p(y | v) / p(y | readings before) by the Kalman filter
    codes      at most: sum of ln P(c | v) / q(c | codes before) for a normalised q, whose mean exceeds the information
               of the codes by the mean of sum D(P(c | codes before) || q) >= 0; the more so the worse q
    entropy    at most: ln P(c | v) <= 0, and H(c | codes before) <= H(c), counted over the window

The information of the codes, on which alone the digital side acts, is at most each of the three: codes are a function
of readings, and relative entropies fall under maps. A noiseless sensor tells without end before it is quantised, so
that only the last two remain. Where heat is measured as well,

    <sum_b Q_b / k T_b> + <I> + <h_end - h_begin> >= 0,   h = 1/2 ln det P,  P the covariance of v given what was read

between readings h and the baths alone cannot lose, and a reading takes its I from h (Sagawa, Ueda, PRL 104, 090602,
2010; Horowitz, Sandberg, New J. Phys. 16, 125007, 2014). For codes, whose law given v is not quite Gaussian, this holds
in the long run, where h stands still. Erasing I nats gives a bath at least k T I (Landauer).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from thermosim.analysis.information import landauer
from thermosim.circuit.learning import Learning
from thermosim.circuit.program import PriceRow, Program
from thermosim.constants import BOLTZMANN
from thermosim.contracts import Floats
from thermosim.measure.energy import ledger
from thermosim.record import Record
from thermosim.times import seconds
from thermosim.units import show

FAR = 5.0
"""Standard errors by which the innovations' variance may differ from 1."""

Trust = Literal["believed", "not believed", "a bound", "undefined"]


@dataclass(frozen=True)
class Learnt:
    """Nats that one belief counted.

    `nats` per conversion with its error, `rate` [nats/s] of one replica with its error; `innovations`: their mean
    square, 1 for the right law, with its error; `trust`: for readings whether the mean is to be believed.
    """

    nats: float
    error: float
    rate: float
    rate_error: float
    innovations: float
    innovations_error: float
    trust: Trust


@dataclass(frozen=True)
class Information:
    """What is learnt of the island `path` by `readers`, over `seconds`.

    `conversions` of each replica; `readings` exact, undefined where a sensor has no noise; `codes` a bound; `entropy`
    [nats per conversion] of the codes, another; `bound` [nats/s]: the least of the three. `floor` [W]: k T times it,
    at the chip's temperature; `watts`: what converters and arithmetic draw for one replica, nan where nobody priced
    them, with `unpriced` telling whose share is missing. `law` [k/s] is the left side of the second law with its error,
    nan where heat is not measured, a bath is at 0 K, or the window begins in a known state; `law_by` says whose
    information is in it.
    """

    path: str
    readers: tuple[str, ...]
    seconds: float
    conversions: int
    readings: Learnt
    codes: Learnt
    entropy: float
    bound: float
    floor: float
    watts: float
    unpriced: tuple[str, ...]
    law: float
    law_error: float
    law_by: str

    def lines(self) -> Iterator[str]:
        """In a few words."""
        yield f"information of {self.path}, read by {', '.join(self.readers)}: {self.conversions} conversions a replica"
        for name, one in (("readings, exact", self.readings), ("codes, at most", self.codes)):
            said = f"{one.nats:.4g} +- {one.error:.2g} nats per conversion, {one.rate:.4g} nats/s"
            said += f"; innovations {one.innovations:.4f} +- {one.innovations_error:.2g}, {one.trust}"
            yield f"  {name}: {said if one.trust != 'undefined' else 'undefined'}"
        yield f"  entropy of the codes: {self.entropy:.4g} nats per conversion"
        drawn = show(self.watts, "W") if math.isfinite(self.watts) else "unpriced"
        yield f"  Landauer's floor {show(self.floor, 'W')}; converters and arithmetic {drawn}"
        if math.isfinite(self.law):
            yield f"  baths and {self.law_by}: {self.law:.4g} +- {self.law_error:.2g} k/s, by the second law at least 0"


def informations(record: Record, program: Program, prices: Sequence[PriceRow]) -> tuple[Information, ...]:
    """What is learnt of every island, where the netlist's `measure` asks for information."""
    return tuple(_island(record, program, learning, prices) for learning in program.learning)


def _island(record: Record, program: Program, learning: Learning, prices: Sequence[PriceRow]) -> Information:
    path = learning.path
    told, squares, unknown = (record.sums[f"{path}:{name}"] for name in ("told", "squares", "unknown"))
    conversions = int(record.sums[f"{path}:conversions"][0])
    span = seconds(program.duration)
    readings, codes = (
        _learnt(told[k], squares[k], conversions, span, known) for k, known in enumerate(("believed", "a bound"))
    )
    entropy = _entropy(record.sums[f"{path}:codes"])
    rates = [readings.rate, codes.rate, entropy * conversions / span]
    bound = min((rate for rate in rates if math.isfinite(rate)), default=math.nan)
    watts, unpriced = _electronics(record, program, learning, prices)
    by = 0 if readings.rate <= codes.rate else 1  # a comparison with nan is false
    law, law_error = _law(record, program, path, told[by] + unknown[by, 1] - unknown[by, 0], span)
    return Information(
        path, learning.readers, span, conversions, readings, codes, entropy, bound,
        landauer(bound / math.log(2), program.temperature), watts, unpriced, law, law_error,
        ("readings", "codes")[by],
    )  # fmt: skip


def _learnt(told: Floats, squares: Floats, conversions: int, span: float, good: str) -> Learnt:
    if not conversions or not np.isfinite(told).all():
        return Learnt(*(math.nan,) * 6, "undefined")
    mean, error = _mean(told)
    square, spread = _mean(squares / conversions)
    if len(squares) == 1:  # independent and normal, if the law is right
        spread = math.sqrt(2 / conversions)
    trust: Trust = "a bound"
    if good == "believed":
        trust = "believed" if abs(square - 1) < FAR * spread else "not believed"
    return Learnt(mean / conversions, error / conversions, mean / span, error / span, square, spread, trust)


def _entropy(histogram: np.ndarray) -> float:
    """Mean over channels of the entropy of their codes, pooled over time and replicas [nats per conversion].

    Pooled laws have more entropy than their parts; counting misses about (codes - 1) / (2 counts).
    """
    counts = histogram[histogram.sum(axis=1) > 0]
    if not len(counts):
        return math.nan
    shares = counts / counts.sum(axis=1, keepdims=True)
    each = -np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1.0)), 0.0).sum(axis=1)
    missed = (np.count_nonzero(counts, axis=1) - 1) / (2 * counts.sum(axis=1))
    return float(np.average(each + missed, weights=counts.sum(axis=1)))


def _electronics(
    record: Record, program: Program, learning: Learning, prices: Sequence[PriceRow]
) -> tuple[float, tuple[str, ...]]:
    """Power of the converters and the arithmetic between this island's nets and itself, and what of it has no price."""
    (island,) = (one for one in program.islands if one.path == learning.path)
    paths = {*learning.banks, *learning.readers}
    paths |= {bank.path for bank in program.dacs if set(bank.outputs) & set(island.inputs)}
    found = ledger(tuple(row for row in prices if row.path in paths), record.counters, math.nan, math.nan)
    missing = tuple(f"{row.instance}: {row.action}" for row in found.unpriced if row.instance in paths)
    replicas = len(record.sums[f"{learning.path}:told"][0])
    return found.window.value / (replicas * seconds(program.duration)), missing


def _law(record: Record, program: Program, path: str, learnt: Floats, span: float) -> tuple[float, float]:
    """Entropy of the baths and information together [k/s], with the change of what remains unknown."""
    kelvin = np.array(
        [math.nan if one.temperature is None else one.temperature for one in program.branches.get(path, ())]
    )
    baths = np.isfinite(kelvin)
    if f"{path}:heat" not in record.sums or np.any(kelvin[baths] <= 0) or not np.isfinite(learnt).all():
        return math.nan, math.nan
    heat = record.sums[f"{path}:heat"][baths]
    mean, error = _mean((heat / (BOLTZMANN * kelvin[baths, np.newaxis])).sum(axis=0) + learnt)
    return mean / span, error / span


def _mean(values: Floats) -> tuple[float, float]:
    """Mean over replicas and its standard error, nan with one."""
    count = len(values)
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan
