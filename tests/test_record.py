"""Records on disk and as xarray."""

import numpy as np
import pytest

from thermosim.errors import ThermosimError
from thermosim.record import Record, load


def record():
    values = np.arange(24.0).reshape(2, 4, 3)
    return Record(
        series={"f:energy": np.arange(8.0).reshape(2, 4)},
        samples={"x": values, "y": (values[:, :2] * 2).astype(np.int64)},
        times={"x": np.arange(1, 5) * 10**9, "y": np.arange(1, 3) * 2 * 10**9, "f:sweeps": np.arange(1, 5) * 10**9},
        sums={"f:count": np.array(8)},
        counters={"adc.conversions": np.array([[1, 2], [3, 4]])},
        meta={
            "seed": 2**70,
            "name": "chip",
            "nets": {"x": ["a", "b", "c"], "y": ["a", "b", "c"]},
            "drift": float("nan"),
        },
        checkpoint={"state": [{"pair": (1, 2.5), "array": np.array([1 + 2**40])}, None, True]},
    )


def test_what_is_written_is_read(tmp_path):
    before, after = record(), load(record().save(tmp_path / "new" / "place"))
    for part in ("series", "samples", "times", "sums", "counters"):
        assert getattr(before, part).keys() == getattr(after, part).keys()
        for name, values in getattr(before, part).items():
            np.testing.assert_array_equal(getattr(after, part)[name], values)
            assert getattr(after, part)[name].dtype == values.dtype
    assert after.meta["seed"] == 2**70
    assert np.isnan(after.meta["drift"])
    state = after.checkpoint["state"]
    assert state[0]["pair"] == (1, 2.5)
    assert state[0]["array"] == np.array([1 + 2**40])
    assert state[1:] == [None, True]


def test_state_that_is_no_plain_data_is_refused_by_its_place(tmp_path):
    odd = record()
    odd.checkpoint["controllers"] = {"demon": {"state": [object()]}}
    with pytest.raises(
        ThermosimError, match=r"^checkpoint\.controllers\.demon\.state: object cannot be written; plain data"
    ):
        odd.save(tmp_path)


def test_a_folder_without_a_record_is_named(tmp_path):
    with pytest.raises(ThermosimError, match=r"no record here \(record\.json is missing\)"):
        load(tmp_path)
    (tmp_path / "record.json").write_text("[]")
    with pytest.raises(ThermosimError, match="this is not a record of thermosim"):
        load(tmp_path)
    record().save(tmp_path)
    text = (tmp_path / "record.json").read_text()
    (tmp_path / "record.json").write_text(text.replace('"thermosim record": 1', '"thermosim record": 99'))
    with pytest.raises(ThermosimError, match="record format 99; this version of thermosim reads format 1"):
        load(tmp_path)


def test_xarray_has_chain_draw_and_node():
    pytest.importorskip("xarray")
    data = record().to_xarray()
    assert data["x"].dims == ("chain", "draw", "node")
    assert data["y"].dims == ("chain", "draw_y", "node")  # another grid, the same nets
    assert data["f:energy"].dims == ("chain", "draw")
    assert list(data["node"].values) == ["a", "b", "c"]
    np.testing.assert_allclose(data["time"], [1e-6, 2e-6, 3e-6, 4e-6])
    assert data["time"].attrs["units"] == "s"
    assert float(data["x"].sel(node="b").isel(chain=1, draw=0)) == 13.0


def test_a_failure_while_writing_keeps_the_earlier_record(tmp_path, monkeypatch):
    record().save(tmp_path)
    later = record()
    later.meta["seed"] = 2

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(ThermosimError, match="the record cannot be written there: No space left on device"):
        later.save(tmp_path)
    assert load(tmp_path).meta["seed"] == 2**70


def test_a_record_that_cannot_be_read_is_named(tmp_path):
    record().save(tmp_path)
    with pytest.raises(ThermosimError, match=r"record\.json: no record can be read here: Not a directory"):
        load(tmp_path / "record.json")
    (tmp_path / "record.npz").write_bytes(b"PK broken")
    with pytest.raises(ThermosimError, match=r"record\.npz: this does not belong to record\.json"):
        load(tmp_path)
