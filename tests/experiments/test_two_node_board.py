"""The two-node board's experiment at a small size."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "two_node_board"


def test_the_ladder_has_its_condition_numbers_and_the_exact_errors_of_its_band(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "run.py"), "--duration", "40 ms", "--out", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    words = [line.split() for line in done.stdout.splitlines() if line.startswith("RL")]
    assert [float(line[4]) for line in words] == pytest.approx([3, 5.4, 10.4, 21], abs=0.005)
    assert [float(line[8]) for line in words] == [0.0897, 0.0770, 0.0516, 0.0037]
    for line in words:
        single, pooled = float(line[12]), float(line[14])
        assert pooled < single  # 16 copies
    assert (tmp_path / "two_node_board.png").stat().st_size > 10_000
