"""From a shipped netlist to a summary: the whole way, held against closed forms and against itself."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import thermosim as ts
from thermosim.analysis.delay import delayed_loop_variance
from thermosim.analysis.linear import stationary

NETLISTS = Path(__file__).parents[1] / "netlists"
ALONG_E, ALONG_W = np.array([1, 1, 1, 1]) / 2, np.array([1, -1, -1, 1]) / 2
SIGMA = 40e-3
FIVE_SIGMA = 5.0


def spread(x: np.ndarray, along: np.ndarray) -> tuple[float, float]:
    """Variance along a direction in units of the target's, and its standard error from the replicas."""
    each = np.var(x @ along, axis=1) / SIGMA**2
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(each.size))


@pytest.mark.parametrize(
    ("adc", "demon", "expected"),
    [(0, 0, 1.023), (1, 0, 1.055), (1, 1, 1.088), (2, 3, 1.187), (5, 5, 1.353), (10, 10, 1.695)],
)
def test_the_demon_of_smode4_is_as_late_as_theory_says(adc: int, demon: int, expected: float) -> None:
    rate, wanted = 3e5, 1000 / SIGMA**2
    latency = (adc + demon) * 100e-9 + 20e-9
    exact = delayed_loop_variance(rate, rate - wanted, 2000.0, 100e-9, latency) / SIGMA**2
    assert exact == pytest.approx(expected, abs=6e-4)
    settings = {
        "models.adc8.latency": f"{adc} cycles",
        "controllers.demon.latency": f"{demon} cycles",
        "run.duration": "1 ms",
    }
    x = ts.simulate(ts.load(NETLISTS / "smode4.yaml", set=settings), seed=11).samples["x"]
    variance, error = spread(x, ALONG_W)
    assert abs(variance - exact) < FIVE_SIGMA * error
    # Mutant: one settling (20 ns) forgotten is within the error; a whole cycle is not, and must be seen.
    wrong = delayed_loop_variance(rate, rate - wanted, 2000.0, 100e-9, latency + 300e-9) / SIGMA**2
    assert abs(variance - wrong) > FIVE_SIGMA * error


def beside_the_shipped(text: str, folder: Path) -> Path:
    """A variant of a shipped netlist, with the parts that it includes."""
    shutil.copytree(NETLISTS / "parts", folder / "parts", dirs_exist_ok=True)
    path = folder / "variant.yaml"
    path.write_text(text)
    return path


def test_without_its_demon_smode4_is_the_gaussian_of_its_network(tmp_path: Path) -> None:
    text = (NETLISTS / "smode4.yaml").read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("target:", "  dac:", "  adc:"))]
    body = "\n".join(kept).replace('drive: "u[i]"', "drive: 0").replace("duration: 10 ms", "duration: 1 ms")
    body = body[: body.index("controllers:")] + body[body.index("run:") :]
    chip = ts.load(beside_the_shipped(body, tmp_path))
    law = chip.program.islands[0].drawn
    covariance = stationary(law.capacitance, law.conductance, law.noise)
    sigma = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(sigma * 1e3, [64.4, 59.6, 59.6, 64.4], atol=0.05)
    correlation = covariance / np.outer(sigma, sigma)
    np.testing.assert_allclose([correlation[0, 1], correlation[1, 2]], [0.185, 0.172], atol=5e-4)
    x = ts.simulate(chip, seed=2).samples["x"]
    each = np.einsum("cdi,cdj->cij", x, x) / x.shape[1]
    error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
    assert np.all(np.abs(each.mean(axis=0) - covariance) < FIVE_SIGMA * error)
    assert np.any(np.abs(each.mean(axis=0) - 1.05 * covariance) > FIVE_SIGMA * error)  # 5 % hotter is seen


def test_a_glassy_grid_reads_not_settled_and_the_shipped_one_ok() -> None:
    short = {"run.replicas": 16, "run.duration": "600 sweeps", "run.burn_in": "200 sweeps"}
    glassy = {"couplings.grid.weight.normal.sigma": 0.6, "models.wire.j_max": 2.8, "models.wire.v_dd": "1.2 V"}
    verdicts = [
        ts.measure(ts.simulate(ts.load(NETLISTS / "pbit_grid.yaml", set=settings))).mixing[0].verdict
        for settings in (short, {**short, **glassy})
    ]
    assert verdicts == ["ok", "not settled"]


@pytest.mark.parametrize(("name", "probe"), [("smode4", "x"), ("pbit_grid", "s")])
def test_same_bits_alone_or_in_company_and_on_two_threads(name: str, probe: str) -> None:
    settings = {"run.duration": "20 us", "run.burn_in": "5 us"}
    if name == "pbit_grid":
        settings["run.record.s"] = "every 4 sweeps"
    chip = ts.load(NETLISTS / f"{name}.yaml", set=settings)
    many = ts.simulate(chip, seed=3, replicas=64, threads=2).samples[probe]
    one_thread = ts.simulate(chip, seed=3, replicas=64, threads=1).samples[probe]
    alone = ts.simulate(chip, seed=3, replicas=1).samples[probe]
    np.testing.assert_array_equal(many, one_thread)
    np.testing.assert_array_equal(many[:1], alone)
    assert np.any(many != ts.simulate(chip, seed=4, replicas=64).samples[probe])


def test_a_stranger_and_another_order_change_no_bit(tmp_path: Path) -> None:
    text = (NETLISTS / "smode4.yaml").read_text().replace("10 ms", "20 us").replace("100 us", "5 us")
    clock = "  osc: {type: clock, frequency: 10 MHz, pins: {out: ck}}\n"
    stranger = (
        "  a: {type: capacitor, c: 1 pF, pins: {p: alone, n: 0}}\n  b: "
        "{type: resistor, r: 1 MOhm, pins: {p: alone, n: 0}}\n"
    )
    assert clock in text
    other = text.replace(clock, "").replace("instances:\n", f"instances:\n{clock}{stranger}", 1)
    first, second = (
        ts.simulate(ts.load(beside_the_shipped(body, tmp_path)), seed=5).samples["x"] for body in (text, other)
    )
    np.testing.assert_array_equal(first, second)
