"""Hand-made programs and records: what the engine would leave behind, drawn from exact laws."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import lfilter

from thermosim.circuit.program import Fabric, IsingLaw, Island, LinearLaw, PriceRow, Probe, Program
from thermosim.models.base import Price
from thermosim.record import Record
from thermosim.times import Clock

KT = 4.0e-21


def program(**parts: object) -> Program:
    """A program with nothing in it but what is given."""
    empty = {
        "name": "hand-made", "temperature": 300.0, "islands": (), "fabrics": (), "driven": {}, "drawn_driven": {},
        "adcs": (), "dacs": (),
        "clocks": (), "controllers": (), "probes": (), "duration": 10**12, "burn_in": 10**11, "replicas": 8,
        "measures": ("energy", "mixing", "target"), "target": "as_drawn", "target_nets": (), "prices": (), "notes": (),
    }  # fmt: skip
    return Program(**{**empty, **parts})


def chain_law(n: int) -> LinearLaw:
    """n nodes of 1 pF with 5 MOhm to ground, 20 MOhm between neighbours, equal injected noise (noiseless couplers)."""
    conductance = np.diag(np.full(n, 2e-7)) + 5e-8 * (np.diag([1.0] + [2.0] * (n - 2) + [1.0]) if n > 1 else 0)
    conductance -= 5e-8 * (np.eye(n, k=1) + np.eye(n, k=-1))
    nothing = np.zeros((n, 0))
    return LinearLaw(1e-12 * np.eye(n), conductance, 2e-21 * np.eye(n), nothing, nothing, np.linspace(0, 1e-8, n))


def linear_record(n: int, chains: int, draws: int, every: float, seed: int, scale: float = 1.0) -> Record:
    """Exact stationary samples of the chain network, `every` seconds; `scale` multiplies the deviations."""
    from thermosim.analysis.linear import drift, mean, stationary

    law = chain_law(n)
    covariance = stationary(law.capacitance, law.conductance, law.noise)
    rates, vectors = np.linalg.eigh(drift(law.capacitance, law.conductance))
    spread = np.sqrt(np.diag(vectors.T @ covariance @ vectors))
    rng = np.random.default_rng(seed)
    phi = np.exp(-rates * every)
    noise = rng.standard_normal((chains, draws, n)) * spread * np.sqrt(1 - phi**2)
    noise[:, 0] /= np.sqrt(1 - phi**2)
    modes = np.stack([lfilter([1.0], [1.0, -phi[k]], noise[:, :, k], axis=1) for k in range(n)], axis=2)
    centre = mean(law.conductance, law.input_conductance, law.current, np.zeros(0))
    nets = tuple(f"x[{k}]" for k in range(n))
    island = Island("x[0]", nets, (), law, law, np.zeros(n))
    femto = round(every * 1e15)
    made = program(
        islands=(island,), probes=(Probe("x", "analog", nets, femto),), duration=draws * femto, replicas=chains
    )
    return Record(
        samples={"x": centre + scale * modes @ vectors.T},
        times={"x": np.arange(1, draws + 1) * femto},
        meta={"seed": seed, "replicas": chains},
        program=made,
    )


def ising_law(seed: int = 0) -> IsingLaw:
    """A frustrated, asymmetric little fabric: 4 spins, unequal couplings and biases."""
    edges = np.array([[0, 1], [1, 2], [2, 3], [0, 3]])
    return IsingLaw(edges, np.array([0.5, -0.7, 0.3, 0.9]), np.array([0.1, -0.2, 0.4, 0.0]), 0.8)


def fabric_record(
    chains: int, draws: int, seed: int, actual: IsingLaw | None = None, programmed: IsingLaw | None = None,
    memory: float = 0.0, rng_kind: str = "held",
) -> Record:  # fmt: skip
    """A two-colour fabric of four p-bits, run by its exact transition probabilities; 2 fJ an update."""
    drawn = ising_law()
    law = actual or programmed or drawn
    n, rng = 4, np.random.default_rng(seed)
    matrix = np.zeros((n, n))
    matrix[law.edges[:, 0], law.edges[:, 1]] = law.weights
    matrix += matrix.T
    colour = np.array([0, 1, 0, 1], dtype=np.int32)
    spins = rng.choice([-1.0, 1.0], size=(chains, n))
    inner = spins
    history = np.empty((chains, draws, n))
    for t in range(-50, draws):
        for c in (0, 1):
            up = 1 / (1 + np.exp(-2 * law.beta * (spins @ matrix + law.biases)))
            kept = inner if rng_kind == "free" else spins
            chance = up + ((kept > 0) - up) * memory
            inner = np.where(rng.random((chains, n)) < chance, 1.0, -1.0)
            spins = np.where(colour == c, inner, spins)
        if t >= 0:
            history[:, t] = spins
    fabric = Fabric(
        path="s", arrays={"s": (0, (4,))}, nodes=4, colours=2, colour=colour, clock=Clock("ck", Fraction(2_000_000)),
        rng=rng_kind, drawn=drawn, programmed=programmed or drawn, actual=law, slope=np.ones(4), shift=np.zeros(4),
        memory=np.full(4, memory), volts=np.full(4, 0.026), relaxation=np.full(4, 1e-7),
    )  # fmt: skip
    pairs = history[:, :, drawn.edges[:, 0]] * history[:, :, drawn.edges[:, 1]]
    price = Price("updates", "update", 2e-15, 1e-15, 4e-15, "modelled", "a test")
    unknown = Price("reads", "read", None, None, None, "unverified", "nobody states it")
    projection = rng.standard_normal(4)
    return Record(
        series={
            "s:energy": -(pairs @ drawn.weights + history @ drawn.biases),
            "s:mean(s)": history.mean(axis=2),
            "s:projection[0]": history @ projection,
            "s:states": ((history > 0) @ (1 << np.arange(4))).astype(np.uint32),
        },
        sums={
            "s:spin": history.sum(axis=(0, 1)),
            "s:pair": pairs.sum(axis=(0, 1)),
            "s:count": np.array(chains * draws),
        },
        counters={
            "s.updates": np.array([[4 * 50] * chains, [4 * draws] * chains]),
            "s.reads": np.array([[0] * chains, [3] * chains]),
            "clock.edges": np.array([[0] * chains, [7] * chains]),
        },
        meta={"seed": seed, "replicas": chains},
        program=program(
            fabrics=(fabric,), replicas=chains, prices=(PriceRow("s", price), PriceRow("s", unknown)),
        ),
    )  # fmt: skip


def grid_record(beta: float, seed: int) -> Record:
    """A 6 x 6 torus whose moments come from an ideal run at inverse temperature `beta`; it was drawn for 1."""
    from thermosim.ideal.gibbs import run

    sites = np.arange(36).reshape(6, 6)
    edges = np.concatenate([np.stack([sites, np.roll(sites, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)])
    edges.sort(axis=1)
    weights = np.random.default_rng(1).normal(0, 0.3, len(edges))
    drawn = IsingLaw(edges, weights, np.full(36, 0.1), 1.0)
    ran = run(IsingLaw(edges, weights, np.full(36, 0.1), beta), [(0, 36)], 64, 1500, 100, seed)
    fabric = Fabric(
        path="g", arrays={"g": (0, (6, 6))}, nodes=36, colours=2, colour=(sites.sum(axis=0) % 2).astype(np.int32),
        clock=Clock("ck", Fraction(1_000_000)), rng="held", drawn=drawn, programmed=drawn, actual=drawn,
        slope=np.ones(36), shift=np.zeros(36), memory=np.zeros(36), volts=np.ones(36), relaxation=np.ones(36),
    )  # fmt: skip
    count = ran.energy.size
    return Record(
        series={"g:energy": ran.energy, "g:mean(g)": ran.magnetisation[0]},
        sums={"g:spin": ran.spin.mean * count, "g:pair": ran.pair.mean * count, "g:count": np.array(count)},
        meta={"seed": seed, "replicas": 64},
        program=program(fabrics=(fabric,), replicas=64),
    )


@pytest.fixture
def made() -> SimpleNamespace:
    """Makers of hand-made records."""
    return SimpleNamespace(
        linear=linear_record, fabric=fabric_record, grid=grid_record, law=ising_law, program=program, chain=chain_law
    )
