"""The CMOS experiments run from their netlists, at small size, and draw their figures."""

import runpy
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[1] / "experiments"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "energy_per_sample",
            ["here   1.600 nJ", "here  12.799", "here  19.600 nJ", "239 updates", "8.444 fJ"],
        ),
        ("rng_memory", ["held 0.20 tau0", "free 5.00 tau0"]),
        ("mismatch_and_calibration", ["trimmed in 1 mV steps", "self_trimming, trimmed: TV"]),
        ("latch_pbit", ["telegraph: offset", "d offset / d V_th: L.MI +1.00, L.MR -1.00"]),
        ("ising_transition", ["critical point, L = 8"]),
    ],
)
def test_quick_run(name, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--quick", "--out", str(tmp_path)])
    runpy.run_path(str(PLACE / name / "run.py"), run_name="__main__")
    out = capsys.readouterr().out
    for text in said:
        assert text in out
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
