"""Which drawings a run deserves: waveform and autocorrelation, distribution or map, energy shares."""

from __future__ import annotations

import math

import numpy as np

from thermosim.analysis.mixing import autocorrelation
from thermosim.circuit.dits import DitFabric
from thermosim.circuit.program import Fabric, Program
from thermosim.contracts import Floats
from thermosim.ideal import exact, potts
from thermosim.ideal.gaussian import GaussianMixture
from thermosim.measure import Summary
from thermosim.measure.conditional import view
from thermosim.measure.dits import dit_series
from thermosim.measure.joint import measured_islands
from thermosim.measure.mixing import IslandSamples, PartMixing, fabric_series, island_samples, island_series
from thermosim.measure.spins import no_law
from thermosim.measure.target import island_law
from thermosim.record import Record
from thermosim.report import drawing
from thermosim.report.drawing import Drawing, Share

_OTHERS = 12
_REPLICAS = 4
_SHOWN_STATES = 2**14


def draw(record: Record, summary: Summary, program: Program) -> dict[str, list[Drawing]]:
    """Drawings by the title of the section that they belong to."""
    mixing: list[Drawing] = []
    target: list[Drawing] = []
    for part in summary.mixing:
        if part.kind == "fabric":
            fabric = next(one for one in program.sampling if one.path == part.path)
            if isinstance(fabric, DitFabric):
                series = dict(dit_series(record, fabric))
                target += _dit_law(record, fabric)
            else:
                series = dict(fabric_series(record, fabric))
                target += _fabric_law(record, program, fabric)
            mixing.append(_fabric_waveform(part, series))
        else:
            island = next(one for one in measured_islands(program) if one.path == part.path)
            samples = island_samples(record, program, island)
            assert samples is not None  # it was measured, so it was recorded
            series = dict(island_series(samples, program))
            mixing.append(_island_waveform(part, samples))
            target += _island_law(program, samples)
        mixing += _autocorrelation(part, series)
    energy = []
    if summary.energy is not None and summary.energy.window.value > 0:
        shares = [
            Share(
                label=f"{row.instance}: {row.action}",
                joules=row.joules,
                low=row.count * row.low_each,
                high=row.count * row.high_each,
                share=row.share,
                grade=row.grade,
            )
            for row in summary.energy.rows
        ]
        energy.append(
            drawing.energy_shares("Where the energy goes, with the range that the cards' spreads allow.", shares)
        )
    return {"Mixing": mixing, "Target": target, "Energy": energy}


def _draws(part: PartMixing) -> int:
    """Long enough to see the slowest observable come and go, short enough to see single steps."""
    return int(np.clip(40 * part.tau, 150, 600)) if math.isfinite(part.tau) else 150


def _fabric_waveform(part: PartMixing, series: dict[str, Floats]) -> Drawing:
    """The energy, or the first observable that moves where the energy is constant by law."""
    name = next(iter(series))
    shown = series[name][:_REPLICAS, : _draws(part)]
    time = part.interval * np.arange(1.0, 1 + shown.shape[1])
    what = "Energy as drawn" if name == "energy" else name
    title = f"{what} of {part.path}, in the first {shown.shape[1]} recorded {part.steps}."
    return drawing.waveform(title, time, shown, name, "1")


def _island_waveform(part: PartMixing, samples: IslandSamples) -> Drawing:
    shown = samples.values[:_REPLICAS, : _draws(part), 0]
    time = samples.interval * np.arange(1.0, 1 + shown.shape[1])
    title = f"Voltage of {samples.nodes[0]} in the first {shown.shape[1]} recorded samples."
    return drawing.waveform(title, time, shown, samples.nodes[0], "V")


def _autocorrelation(part: PartMixing, series: dict[str, Floats]) -> list[Drawing]:
    """The slowest observable beside a few others, as far as eight integrated times."""
    if not part.worst:
        return []
    lags = int(min(max(20, 8 * part.tau), part.draws // 2))
    moving = [name for name, values in series.items() if np.ptp(values) > 0 and name != part.worst]
    names = [*moving[:_OTHERS], part.worst]
    curves = [(name, autocorrelation(np.asarray(series[name], dtype=np.float64), lags)) for name in names]
    step, unit = (1.0, "sweeps") if part.steps == "sweeps" else (part.interval, "s")
    title = (
        f"Autocorrelation of {part.path}: the slowest observable and {len(names) - 1} of the other {len(series) - 1}."
    )
    return [drawing.autocorrelation(title, step, unit, curves, part.worst, part.tau, part.tau_error)]


def _fabric_law(record: Record, program: Program, fabric: Fabric) -> list[Drawing]:
    """Probabilities of the states of a small fabric; of a larger one the mean spins of its two-dimensional arrays."""
    seen = view(program, fabric, record)
    states = seen.record.series.get(f"{fabric.path}:states")
    if states is not None and fabric.nodes <= exact.ENUMERABLE and seen.one_law and not no_law(seen.fabric):
        counted = np.bincount(states.ravel(), minlength=2**seen.fabric.nodes) / states.size
        of = (
            f"{fabric.path}" if len(seen.free) == fabric.nodes else f"the free p-bits of {fabric.path}, the others held"
        )
        title = f"States of {of}: simulated hardware against the enumerated law as drawn."
        return [drawing.states(title, counted, exact.probabilities(seen.fabric.drawn))]
    means = record.sums[f"{fabric.path}:spin"] / float(record.sums[f"{fabric.path}:count"])
    title = "Mean spin of every p-bit over the recorded window and all replicas."
    return [
        drawing.spin_map(title, means[first : first + math.prod(shape)].reshape(shape), array)
        for array, (first, shape) in fabric.arrays.items()
        if len(shape) == 2
    ]


def _dit_law(record: Record, fabric: DitFabric) -> list[Drawing]:
    """Probabilities of the states of a small fabric; of a larger one the last states of its two-dimensional arrays."""
    states = record.series.get(f"{fabric.path}:states")
    if states is not None and fabric.drawn.count <= _SHOWN_STATES:
        counted = np.bincount(states.ravel(), minlength=int(fabric.drawn.count)) / states.size
        title = f"States of {fabric.path}: simulated hardware against the enumerated law as drawn."
        return [drawing.states(title, counted, potts.probabilities(fabric.drawn))]
    last = record.sums[f"{fabric.path}:last"][:, 0]
    title = "State of every p-dit at the end of the recorded window, of replica 0."
    return [
        drawing.state_map(title, last[fabric.nodes_of(array)].reshape(shape), int(fabric.drawn.states[first]), array)
        for array, (first, shape) in fabric.arrays.items()
        if len(shape) == 2 and array not in fabric.pbits
    ]


def _island_law(program: Program, samples: IslandSamples) -> list[Drawing]:
    """Histogram along the direction that tells the law best: between a mixture's means, else the first node."""
    found = island_law(program, samples)
    if isinstance(found, str):
        first = samples.values[:, :, 0].ravel()
        title = f"Distribution of {samples.nodes[0]}; there is no exact law to draw: {found}."
        return [drawing.distribution(title, first, None, samples.nodes[0], "V", "")]
    if found.directions:
        direction, name = (
            found.directions[0][1],
            f"projection of {', '.join(found.nodes)} on the line through the means",
        )
    else:
        direction, name = np.eye(len(found.nodes))[0], found.nodes[0]
    projected = (samples.column(found.nodes) @ direction).ravel()
    title = f"Distribution of the simulated hardware against {found.name}."
    return [drawing.distribution(title, projected, _Density(found.law, direction), name, "V", f"{found.name}, exact")]


class _Density:
    """Density [1/V] of the projection of a Gaussian mixture on a direction."""

    def __init__(self, law: GaussianMixture, direction: Floats) -> None:
        self._weights, self._centres = law.weights, law.means @ direction
        self._sigma = math.sqrt(float(direction @ law.covariance @ direction))

    def __call__(self, volts: Floats) -> Floats:
        standard = (volts[:, None] - self._centres) / self._sigma
        return np.asarray(np.exp(-(standard**2) / 2) @ self._weights / (math.sqrt(2 * math.pi) * self._sigma))
