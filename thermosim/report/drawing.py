"""Four drawings on plain arrays: waveform, distribution, autocorrelation, energy shares; and a map of spins.

Colours are Okabe and Ito's, which stay apart under every common kind of colour blindness
(Okabe, Ito, "Color Universal Design", 2008); nothing is said by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from thermosim.contracts import Floats
from thermosim.report.scale import engineering, pm
from thermosim.units import show

INK, MUTED, RULE = "#1b1f24", "#5b6470", "#d5dae0"
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"
SERIES = (BLUE, ORANGE, GREEN, PURPLE)
GRADES = {
    "measured": ("#00507d", ""),
    "modelled": ("#0072b2", ""),
    "calibrated": ("#56b4e9", ""),
    "derived": ("#9ccbe8", ""),
    "assumed": ("#e69f00", "///"),
    "unverified": ("#d55e00", "xxx"),
}
_STYLE: Any = {
    "font.family": "sans-serif", "font.size": 9.5, "axes.edgecolor": MUTED, "axes.labelcolor": INK, "text.color": INK,
    "axes.linewidth": 0.8, "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "legend.fontsize": 9,
    "svg.hashsalt": "thermosim", "hatch.linewidth": 0.6, "figure.facecolor": "white",
}  # fmt: skip
_ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "borderaxespad": 0.2, "handlelength": 1.5}


@dataclass(frozen=True)
class Drawing:
    """A figure with its title and the sentence that a reader who cannot see it needs."""

    title: str
    text: str
    figure: Figure

    def svg(self) -> str:
        """The figure as SVG text; the same figure gives the same text at any time."""
        buffer = BytesIO()
        with mpl.rc_context(_STYLE):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue().decode()


@dataclass(frozen=True)
class Share:
    """One bar of the energy figure: `label`, `joules` with `low` and `high`, `share` of the total, evidence `grade`."""

    label: str
    joules: float
    low: float
    high: float
    share: float
    grade: str


def _draw(title: str, text: str, paint: Callable[[Axes], None], width: float = 7.2, height: float = 3.0) -> Drawing:
    """Run `paint` on the one axes of a new figure."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
        paint(figure.subplots())
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the layout is settled once: drawing again must not move it
    return Drawing(title, text, figure)


def _label(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def waveform(title: str, time: Floats, values: Floats, name: str, unit: str) -> Drawing:
    """A few replicas against time: `time` (draw,) [s], `values` (chain, draw) in `unit`."""
    per_second, second = engineering(float(time[-1] - time[0]), "s")
    factor, shown = engineering(float(np.abs(values).max()), unit)

    def paint(axes: Axes) -> None:
        for chain, (row, colour) in enumerate(zip(values, SERIES, strict=False)):
            axes.plot(time * per_second, row * factor, color=colour, linewidth=0.9, label=f"replica {chain}")
        axes.set(xlabel=_label("time", second), ylabel=_label(name, shown))
        axes.margins(x=0.0)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.legend(ncols=len(values), **_ABOVE)

    return _draw(title, f"{name} of {len(values)} replicas against time", paint)


def distribution(
    title: str, samples: Floats, density: Callable[[Floats], Floats] | None, name: str, unit: str, law: str
) -> Drawing:
    """Histogram of pooled `samples` with the exact density of the target (`density` takes SI values) over it."""
    low, high = np.quantile(samples, [0.0002, 0.9998])
    margin = 0.08 * (high - low) or 1.0
    factor, shown = engineering(float(max(abs(low), abs(high))), unit)

    def paint(axes: Axes) -> None:
        axes.hist(
            samples * factor, bins=70, range=((low - margin) * factor, (high + margin) * factor), density=True,
            color=SKY, alpha=0.75, label="simulated hardware",
        )  # fmt: skip
        if density is not None:
            grid = np.linspace(low - margin, high + margin, 500)
            axes.plot(grid * factor, density(grid) / factor, color=INK, linewidth=1.4, label=law)
        axes.set(xlabel=_label(name, shown), ylabel=_label("density", f"1/{shown}" if shown else ""), ylim=(0, None))
        axes.margins(x=0.0)
        axes.legend(ncols=2, **_ABOVE)

    return _draw(title, f"histogram of {name} of the simulated hardware, with {law}", paint)


def states(title: str, counted: Floats, exact: Floats) -> Drawing:
    """Probability of every state of a small p-bit network, most probable first, `counted` against `exact` (state,)."""
    order = np.argsort(exact)[::-1][:64]

    def paint(axes: Axes) -> None:
        rank = np.arange(1, order.size + 1)
        axes.bar(rank, counted[order], color=SKY, alpha=0.75, width=0.85, label="simulated hardware")
        axes.plot(rank, exact[order], "o", color=INK, markersize=3.2, label="target law, exact")
        of = f" of {exact.size:,}" if order.size < exact.size else ""
        axes.set(xlabel=f"the {order.size} most probable states{of}, by rank", ylabel="probability", ylim=(0, None))
        axes.margins(x=0.01)
        axes.legend(ncols=2, **_ABOVE)

    return _draw(title, "probability of the states, simulated and exact", paint)


def spin_map(title: str, means: Floats, array: str) -> Drawing:
    """Mean spin of every p-bit of a two-dimensional array: `means` (rows, columns) in [-1, 1]; white is no bias."""

    largest = max(float(np.abs(means).max()), 0.01)

    def paint(axes: Axes) -> None:
        image = axes.imshow(means, cmap="PuOr", vmin=-largest, vmax=largest, interpolation="nearest")
        axes.set(xlabel="column", ylabel="row")
        axes.spines[:].set_visible(False)
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.85, pad=0.03)
        bar.set_label(f"mean spin of {array}")
        bar.outline.set_visible(False)

    rows, columns = means.shape
    height = float(np.clip(5.2 * rows / columns, 1.6, 5.4)) + 0.5
    return _draw(title, f"map of the mean spin of the {rows} x {columns} p-bits of {array}", paint, 6.4, height)


def state_map(title: str, found: np.ndarray, q: int, array: str) -> Drawing:
    """State of every p-dit of a two-dimensional array: `found` (rows, columns) from 0 to q - 1, dark to light."""

    def paint(axes: Axes) -> None:
        colours = mpl.colormaps["cividis"].resampled(q)
        image = axes.imshow(found, cmap=colours, vmin=-0.5, vmax=q - 0.5, interpolation="nearest")
        axes.set(xlabel="column", ylabel="row")
        axes.spines[:].set_visible(False)
        step = -(-q // 12)
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.85, pad=0.03, ticks=np.arange(0, q, step))
        bar.set_label(f"state of {array}")
        bar.outline.set_visible(False)

    rows, columns = found.shape
    height = float(np.clip(5.2 * rows / columns, 1.6, 5.4)) + 0.5
    return _draw(title, f"map of the states of the {rows} x {columns} p-dits of {array}", paint, 6.4, height)


def autocorrelation(
    title: str, lag: float, unit: str, curves: Sequence[tuple[str, Floats]], worst: str, tau: float, error: float
) -> Drawing:
    """rho(k) of some observables against lag, the `worst` in colour, with its integrated time.

    Parameters
    ----------
    lag
        Length of one recorded step, in `unit` (``s`` or ``sweeps``).
    curves
        Names and rho (k,) from k = 0.
    tau, error
        Integrated autocorrelation time of the worst and its standard error, in recorded steps.
    """
    longest = max(rho.size for _, rho in curves)
    factor, shown = engineering(lag * longest, unit) if unit == "s" else (1.0, unit)

    def paint(axes: Axes) -> None:
        axes.axhline(0, color=MUTED, linewidth=0.8)
        others = [(name, rho) for name, rho in curves if name != worst]
        for index, (_, rho) in enumerate(others):
            axes.plot(
                np.arange(rho.size) * lag * factor, rho, color=MUTED, alpha=0.6, linewidth=0.8,
                label="other observables" if index == 0 else None,
            )  # fmt: skip
        for name, rho in curves:
            if name == worst:
                marker = "o" if rho.size <= 40 else None
                axes.plot(
                    np.arange(rho.size) * lag * factor, rho, color=VERMILION, linewidth=1.6, marker=marker,
                    markersize=3.5, label=f"{name} (slowest)",
                )  # fmt: skip
        if np.isfinite(tau):
            said = f"integrated time {pm(tau * lag * factor, error * lag * factor, shown)}"
            axes.axvline(tau * lag * factor, color=VERMILION, linestyle=":", linewidth=1.2, label=said)
        axes.set(xlabel=_label("lag", shown), ylabel="autocorrelation", xlim=(0, (longest - 1) * lag * factor))
        axes.legend(ncols=3, **_ABOVE)

    return _draw(title, f"autocorrelation against lag; the slowest observable is {worst}", paint)


def energy_shares(title: str, shares: Sequence[Share]) -> Drawing:
    """Horizontal bars of the energy's shares, largest first, coloured and hatched by evidence."""
    ranked = sorted(shares, key=lambda row: row.joules, reverse=True)
    if len(ranked) > 10:
        rest = ranked[9:]
        ranked = [*ranked[:9], Share(
            f"{len(rest)} more", sum(r.joules for r in rest), sum(r.low for r in rest), sum(r.high for r in rest),
            sum(r.share for r in rest), rest[0].grade,
        )]  # fmt: skip
    factor, shown = engineering(ranked[0].joules, "J")

    def paint(axes: Axes) -> None:
        seen: set[str] = set()
        for place, row in enumerate(ranked):
            colour, hatch = GRADES[row.grade]
            label = None if row.grade in seen else row.grade
            seen.add(row.grade)
            axes.barh(
                place, row.joules * factor, color=colour, hatch=hatch, edgecolor="white", height=0.66, linewidth=0,
                label=label,
            )  # fmt: skip
            # A spread of orders of magnitude would flatten the bars; it is said in words.
            spread = f"   {show(row.low, 'J', 3)} to {show(row.high, 'J', 3)}" if row.high > row.low else ""
            said = f"{100 * row.share:.1f} %{spread}"
            axes.annotate(
                said, (row.joules * factor, place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9
            )
        axes.set_yticks(range(len(ranked)), [row.label for row in ranked])
        axes.invert_yaxis()
        axes.set(
            xlabel=_label("energy of the recorded window, all replicas", shown),
            xlim=(0, 1.4 * ranked[0].joules * factor),
        )
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        handles = {text: bar for bar, text in zip(*axes.get_legend_handles_labels(), strict=True)}
        order = [grade for grade in GRADES if grade in handles]
        axes.legend([handles[grade] for grade in order], order, ncols=6, **_ABOVE)

    height = 1.2 + 0.34 * len(ranked)
    return _draw(title, "shares of the energy by action, with their evidence", paint, 7.2, height)
