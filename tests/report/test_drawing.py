"""Drawings say what the arrays say: units, orders, values, colours that stay apart."""

import numpy as np
import pytest

from thermosim.report import drawing
from thermosim.report.drawing import Share


def test_waveform_is_in_the_units_of_its_labels() -> None:
    time, volts = np.array([0.0, 1e-6, 2e-6]), np.array([[0.01, 0.02, -0.03]])
    axes = drawing.waveform("t", time, volts, "x[0]", "V").figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time [us]", "x[0] [mV]")
    line = axes.lines[0]
    np.testing.assert_allclose(line.get_xdata(), [0, 1, 2], atol=1e-9)
    np.testing.assert_allclose(line.get_ydata(), [10, 20, -30])


def test_exact_density_has_unit_area_in_the_shown_unit() -> None:
    sigma = 0.05
    samples = np.random.default_rng(1).normal(0, sigma, 10_000)

    def density(volts: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(-(volts**2) / (2 * sigma**2)) / np.sqrt(2 * np.pi) / sigma)

    axes = drawing.distribution("d", samples, density, "x", "V", "target").figure.axes[0]
    area = np.trapezoid(axes.lines[0].get_ydata(), axes.lines[0].get_xdata())
    # The drawn range ends where 0.04 % of the samples lie outside, plus a margin.
    assert 0.999 < area < 1.0
    assert axes.get_xlabel() == "x [mV]"
    assert axes.get_ylabel() == "density [1/mV]"


def test_states_are_ranked_by_the_exact_law_and_keep_their_pairs() -> None:
    exact, counted = np.array([0.1, 0.6, 0.3]), np.array([0.12, 0.55, 0.33])
    axes = drawing.states("s", counted, exact).figure.axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.6, 0.3, 0.1])
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], [0.55, 0.33, 0.12])


def test_spin_map_keeps_rows_and_columns() -> None:
    means = np.array([[1.0, 0.5, 0.0], [-1.0, -0.5, 0.25]])
    axes = drawing.spin_map("m", means, "s").figure.axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), means)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("column", "row")
    assert axes.images[0].get_clim() == (-1.0, 1.0)


def test_energy_bars_are_sorted_and_say_their_evidence() -> None:
    shares = [Share("a", 1e-9, 1e-9, 2e-9, 0.25, "assumed"), Share("b", 3e-9, 2e-9, 4e-9, 0.75, "measured")]
    axes = drawing.energy_shares("e", shares).figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["measured", "assumed"]
    assert {text.get_text() for text in axes.texts} == {"75.0 %   2 nJ to 4 nJ", "25.0 %   1 nJ to 2 nJ"}


def test_many_small_energies_are_gathered_without_loss() -> None:
    shares = [Share(f"row {k}", 1e-9 / (k + 1), 1e-9 / (k + 1), 1e-9 / (k + 1), 0.05, "derived") for k in range(20)]
    axes = drawing.energy_shares("e", shares).figure.axes[0]
    drawn = sum(bar.get_width() for bar in axes.patches)
    assert drawn == pytest.approx(sum(share.joules for share in shares) * 1e9)
    assert axes.get_yticklabels()[-1].get_text() == "11 more"


def test_autocorrelation_marks_the_slowest_and_its_time() -> None:
    curves = [("energy", 0.5 ** np.arange(30)), ("mean", 0.8 ** np.arange(30))]
    axes = drawing.autocorrelation("a", 1.0, "sweeps", curves, "mean", 9.0, 0.2).figure.axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["other observables", "mean (slowest)", "integrated time 9.00 ± 0.20 sweeps"]


def test_an_undefined_time_is_not_drawn() -> None:
    axes = drawing.autocorrelation("a", 1.0, "sweeps", [("m", np.ones(5))], "m", np.nan, np.nan).figure.axes[0]
    assert "integrated time" not in " ".join(text.get_text() for text in axes.get_legend().get_texts())


def test_a_drawing_is_the_same_text_at_any_time() -> None:
    def make() -> str:
        return drawing.states("s", np.array([0.4, 0.6]), np.array([0.5, 0.5])).svg()

    assert make() == make()
