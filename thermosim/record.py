"""What a run leaves behind: observables, samples, counters, provenance; written as .npz plus JSON.

Dimensions are (chain, draw, node). A record holds all that is needed to measure it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Record:
    """The result of a run.

    series: observables (chain, draw), computed while running. Fabric keys: ``<fabric>:energy``,
        ``<fabric>:mean(<array>)``, ``<fabric>:projection[k]`` (k < 32), and for fabrics up to 20
        p-bits ``<fabric>:states`` (uint32, bit i set where spin i is +1).
    samples: probe name -> (chain, draw, node); volts, codes, or spins as int8.
    times: probe or fabric name -> (draw,) int64 fs.
    sums: pooled over replicas and draws: ``<fabric>:spin`` (node,), ``<fabric>:pair`` (edge,) sums of s_i and s_i s_j,
        ``<fabric>:count`` (number of summed states).
    counters: ``path.counter`` -> (2, chain) int64, burn-in and window.
    meta: seed, replicas, threads, versions, netlist, program provenance, wall times, kernels.
    checkpoint: state to go on from; empty when the run is complete.
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
