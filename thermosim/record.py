"""What a run leaves behind: observables, samples, counters, provenance; written as .npz plus JSON.

Dimensions are (chain, draw, node). A record holds all that is needed to measure it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np

from thermosim.errors import ThermosimError
from thermosim.times import seconds

if TYPE_CHECKING:
    from xarray import Dataset

FORMAT = 1
"""Version of the files that :meth:`Record.save` writes."""


@dataclass
class Record:
    """The result of a run.

    * ``series``: observables (chain, draw), computed while running. Fabric keys: ``<fabric>:energy``,
      ``<fabric>:mean(<array>)``, ``<fabric>:projection[k]`` (k < 32), and for fabrics up to 20
      p-bits ``<fabric>:states`` (uint32, bit i set where spin i is +1). With p-dits also
      ``<fabric>:occupation(<array>)[a]``, and ``states`` up to 2^20 of them (mixed radix, the first node the lowest).
    * ``samples``: probe name -> (chain, draw, node); volts, codes, or as int8 spins and states of p-dits from 0.
    * ``times``: probe name, or ``<fabric>:sweeps`` for series -> (draw,) int64 fs.
    * ``sums``: pooled over replicas and draws: ``<fabric>:spin`` (node,), ``<fabric>:pair`` (edge,) sums of s_i and
      s_i s_j, ``<fabric>:count`` (number of summed states); with p-dits ``<fabric>:state`` (node, state), how often
      each was seen, and ``<fabric>:bond`` (edge,), sums of J(c_i, c_j);
      and ``<fabric>:last`` (node, chain) int8, the state at the end. Where heat is measured, in the window:
      ``<island>:heat`` (branch, chain) [J], ``<island>:work`` (input, chain) [J], ``<island>:gained`` (chain,) [J], and
      ``<island>:booked`` (1,) [fs], how long that was. Where information is measured,
      ``<island>:told``, ``squares``, ``unknown``, ``codes`` and ``conversions`` of :mod:`thermosim.engine.learning`.
    * ``counters``: ``path.counter`` -> (2, chain) int64, burn-in and window.
    * ``meta``: seed, replicas, threads, versions, netlist, program provenance, wall times, kernels.
    * ``checkpoint``: state to go on from; empty when the run is complete.
    """

    series: dict[str, np.ndarray] = field(default_factory=dict)
    samples: dict[str, np.ndarray] = field(default_factory=dict)
    times: dict[str, np.ndarray] = field(default_factory=dict)
    sums: dict[str, np.ndarray] = field(default_factory=dict)
    counters: dict[str, np.ndarray] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    checkpoint: dict[str, Any] = field(default_factory=dict)
    program: Any = None
    """The Program that ran; rebuilt from the netlist in `meta` when a record is loaded."""

    def save(self, directory: str | Path) -> Path:
        """Write ``record.json`` and ``record.npz`` into `directory`, which is made; returns the directory.

        Raises
        ------
        ThermosimError
            If a controller's state holds something that is not plain data, or nothing can be written there.
        """
        place = Path(directory)
        arrays: dict[str, np.ndarray] = {}
        parts = {name: _packed(getattr(self, name), name, arrays) for name in _PARTS}
        text = json.dumps({"thermosim record": FORMAT, **parts}, indent=1)
        try:
            place.mkdir(parents=True, exist_ok=True)
            # Both whole before either takes its place: an earlier record there is lost to no failure on the way.
            drafts = [place / f"{name}.part" for name in _FILES]
            # The lowest level: higher ones take several times as long to make the file little smaller.
            with ZipFile(drafts[0], "w", ZIP_DEFLATED, compresslevel=1) as archive:
                for name, values in arrays.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                        np.lib.format.write_array(file, values, allow_pickle=False)
            drafts[1].write_text(text, encoding="utf-8")
            for draft, name in zip(drafts, _FILES, strict=True):
                draft.replace(place / name)
        except OSError as error:
            raise ThermosimError(f"{place}: the record cannot be written there: {error.strerror or error}") from error
        return place

    def to_xarray(self) -> Dataset:
        """Samples and observables with dimensions (chain, draw, node), for which the extra ``io`` is needed.

        Probes that share the first one's grid or nodes share its dimensions; others have ``draw_<name>`` or
        ``node_<name>``. The coordinate ``time`` is in seconds, ``node`` holds the names of the nets.

        Raises
        ------
        ThermosimError
            If xarray is not installed.
        """
        try:
            import xarray
        except ImportError:
            raise ThermosimError(
                "to_xarray needs xarray, which is not installed: pip install 'thermosim-hil[io]'"
            ) from None
        grids, nodes = _Dimension("draw"), _Dimension("node")
        variables: dict[str, Any] = {}
        coordinates: dict[str, Any] = {}
        for name, values in self.samples.items():
            times = self.times.get(name, np.arange(values.shape[1], dtype=np.int64))
            nets = self.meta.get("nets", {}).get(name, list(range(values.shape[2])))
            draw, node = grids.of(name, tuple(times.tolist())), nodes.of(name, tuple(nets))
            variables[name] = (("chain", draw, node), values)
            coordinates[node] = list(nets)
            coordinates[f"time{draw[4:]}"] = ((draw,), [seconds(int(time)) for time in times], {"units": "s"})
        for name, series in self.series.items():
            if series.ndim == 2:
                fabric = name.rpartition(":")[0]
                times = self.times.get(f"{fabric}:sweeps", np.arange(series.shape[1], dtype=np.int64))
                variables[name] = (("chain", grids.of(fabric, tuple(times.tolist()))), series)
        simple = {key: value for key, value in self.meta.items() if isinstance(value, str | int | float)}
        return xarray.Dataset(
            variables, coordinates, {key: value for key, value in simple.items() if key != "complete"}
        )


class _Dimension:
    """Names of one kind of dimension: the first set of coordinates has the plain name."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._known: dict[tuple[Any, ...], str] = {}

    def of(self, name: str, coordinates: tuple[Any, ...]) -> str:
        plain = self._kind if not self._known else f"{self._kind}_{name}"
        return self._known.setdefault(coordinates, plain)


_FILES = ("record.npz", "record.json")
_PARTS = ("series", "samples", "times", "sums", "counters", "meta", "checkpoint")


def load(directory: str | Path) -> Record:
    """Read what :meth:`Record.save` wrote; the program is not part of it.

    Raises
    ------
    ThermosimError
        If there is no record in `directory` that can be read, or it was written by a later version.
    """
    place = Path(directory)
    try:
        text = json.loads((place / "record.json").read_text(encoding="utf-8"))
        version = text.pop("thermosim record")
    except FileNotFoundError:
        raise ThermosimError(f"{place}: no record here (record.json is missing)") from None
    except OSError as error:
        raise ThermosimError(f"{place}: no record can be read here: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ThermosimError(f"{place / 'record.json'}: this is not a record of thermosim") from None
    if version != FORMAT:
        raise ThermosimError(f"{place}: record format {version}; this version of thermosim reads format {FORMAT}")
    try:
        with np.load(place / "record.npz", allow_pickle=False) as arrays:
            return Record(**{name: _unpacked(text[name], arrays) for name in _PARTS})
    except FileNotFoundError:
        raise ThermosimError(f"{place}: record.npz is missing") from None
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ThermosimError(f"{place / 'record.npz'}: this does not belong to record.json ({error})") from None


def refuse_unwritable(folder: Path) -> None:
    """Make `folder`, and raise now if nothing can be written there: not after an hour of simulation.

    Raises
    ------
    ThermosimError
        Saying why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ThermosimError(f"{folder}: nothing can be written there: {error.strerror or error}") from None


def _packed(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """JSON of plain data; arrays go to `arrays` and leave their name."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise ThermosimError(f"{path}: an array of Python objects cannot be written")
        arrays[f"a{len(arrays)}"] = value
        return {"$array": f"a{len(arrays) - 1}"}
    if isinstance(value, dict):
        wrong = [key for key in value if not isinstance(key, str) or key.startswith("$")]
        if wrong:
            raise ThermosimError(
                f"{path}: the key {wrong[0]!r} cannot be written; keys are text that does not begin with $"
            )
        return {key: _packed(item, f"{path}.{key}", arrays) for key, item in value.items()}
    if isinstance(value, tuple):
        return {"$tuple": [_packed(item, path, arrays) for item in value]}
    if isinstance(value, list):
        return [_packed(item, path, arrays) for item in value]
    if isinstance(value, np.generic):
        return _packed(np.asarray(value), path, arrays)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ThermosimError(
        f"{path}: {type(value).__name__} cannot be written; "
        "plain data are numbers, text, lists, dictionaries and arrays"
    )


def _unpacked(value: Any, arrays: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, arrays) for item in value]
    if isinstance(value, dict):
        if "$array" in value:
            return arrays[value["$array"]]
        if "$tuple" in value:
            return tuple(_unpacked(item, arrays) for item in value["$tuple"])
        return {key: _unpacked(item, arrays) for key, item in value.items()}
    return value
