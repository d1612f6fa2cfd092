"""Every experiment runs at a small size and leaves its figure and its table."""

import subprocess
import sys
from pathlib import Path

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


def test_demon_latency(tmp_path: Path) -> None:
    script = EXPERIMENTS / "demon_latency" / "run.py"
    command = [sys.executable, str(script), "--duration", "200 us", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    lines = (tmp_path / "demon_latency.csv").read_text().splitlines()
    assert len(lines) == 1 + 6 + 5
    assert (tmp_path / "demon_latency.png").stat().st_size > 10_000
    late = [float(line.split(",")[2]) for line in lines[1:7]]
    assert late == sorted(late)  # each step of latency costs variance, at any length of run


def test_every_experiment_says_what_it_expects_and_what_it_measured() -> None:
    for folder in (path for path in EXPERIMENTS.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))):
        text = (folder / "README.md").read_text().lower()
        assert "expected" in text, folder
        assert "measured" in text, folder
        assert list(folder.glob("*.png")), folder
