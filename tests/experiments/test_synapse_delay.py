"""The experiment on slow synapses runs in short, and its pair with a delay lies on the closed form."""

import csv
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "synapse_delay"


@pytest.mark.validation
def test_the_short_form_runs(tmp_path, monkeypatch):
    import importlib.util

    spec = importlib.util.spec_from_file_location("synapse_delay", FOLDER / "run.py")
    assert spec is not None
    assert spec.loader is not None
    experiment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(experiment)
    monkeypatch.setattr(sys, "argv", ["run.py", "--quick", "--out", str(tmp_path)])
    experiment.main()
    assert (tmp_path / "synapse_delay.png").stat().st_size > 10_000
    with (tmp_path / "synapse_delay.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 20
    late = [row for row in rows if row["exact"] and float(row["tau_S/tau_N"]) >= 0.3]
    assert len(late) == 6
    for row in late:
        assert abs(float(row["tv"]) - float(row["exact"])) < 5 * float(row["error"])
        assert abs(float(row["tv"]) - 0.7 * float(row["exact"])) > 5 * float(row["error"]), "a law that is 30 % nearer"


def test_the_written_table_is_the_one_of_the_settings():
    with (FOLDER / "synapse_delay.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 60
    for row in rows:
        if row["exact"]:
            assert float(row["tv"]) == pytest.approx(float(row["exact"]), abs=5 * float(row["error"]) + 2e-4)
