"""Other samplers at the work of p-bits, where they are installed: updates per microsecond, or None where they are not.

    pip install dwave-samplers openjij peapods thrml

dwave-samplers (heat bath) and openjij (Metropolis) anneal all chains one after the other at one temperature; peapods
(heat bath) takes ferromagnets on square grids only; THRML runs two blocks on all threads.
"""

from collections.abc import Callable

import numpy as np
from _timing import best

from thermosim.circuit.program import Fabric


def annealer(name: str) -> Callable[..., object] | None:
    """A function (fields, couplings, reads, sweeps) of dwave-samplers or openjij, or None."""
    try:
        if name == "dwave":
            from dwave.samplers import SimulatedAnnealingSampler

            return lambda fields, couplings, reads, sweeps: SimulatedAnnealingSampler().sample_ising(
                fields, couplings, num_reads=reads, num_sweeps=sweeps, beta_range=(1.0, 1.0),
                proposal_acceptance_criteria="Gibbs",
            )  # fmt: skip
        import openjij

        return lambda fields, couplings, reads, sweeps: openjij.SASampler().sample_ising(
            fields, couplings, num_reads=reads, num_sweeps=sweeps, beta_min=1.0, beta_max=1.0
        )
    except ImportError:
        return None


def annealed(name: str, work: Fabric) -> float | None:
    """A peer's sweeps at one temperature; differences of two lengths leave set-up out."""
    call = annealer(name)
    if call is None or work.nodes > 100_000:
        return None
    law = work.actual
    fields = dict(enumerate(-law.biases))
    couplings = {(int(i), int(j)): -float(w) for (i, j), w in zip(law.edges, law.weights, strict=True)}
    reads = 8 if work.nodes < 10_000 else 1
    sweeps = max(30, round(6e7 / (len(couplings) * reads)))
    few, many = (best(lambda n=n: call(fields, couplings, reads, n), 2) for n in (1, 1 + sweeps))
    return sweeps * work.nodes * reads / (many - few) * 1e-6 if many > few else None


def thrml(work: Fabric, replicas: int, sweeps: int = 100) -> float | None:
    """THRML with two blocks, all threads that JAX takes."""
    law = work.actual
    try:
        import jax
        import jax.numpy as jnp
        from thrml import Block, SamplingSchedule, SpinNode, sample_states
        from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init
    except ImportError:
        return None
    nodes = [SpinNode() for _ in range(work.nodes)]
    model = IsingEBM(
        nodes,
        [(nodes[i], nodes[j]) for i, j in law.edges],
        jnp.array(law.biases),
        jnp.array(law.weights),
        jnp.array(1.0),
    )
    blocks = [Block([nodes[i] for i in np.flatnonzero(work.colour == c)]) for c in (0, 1)]
    program = IsingSamplingProgram(model, blocks, clamped_blocks=[])
    keys = jax.random.split(jax.random.key(0), replicas)
    first = hinton_init(jax.random.key(1), model, blocks, (replicas,))

    def run(length: int) -> Callable[[], object]:
        schedule = SamplingSchedule(n_warmup=length, n_samples=1, steps_per_sample=1)
        chains = jax.jit(jax.vmap(lambda key, state: sample_states(key, program, schedule, state, [], [Block(nodes)])))
        return lambda: jax.block_until_ready(chains(keys, first))

    seconds = best(run(sweeps), 2) - best(run(1), 2)
    return (sweeps - 1) * work.nodes * replicas / seconds * 1e-6


def peapods(work: Fabric, replicas: int) -> float | None:
    """A square torus of equal couplings of the same size; its signs and biases cost it nothing."""
    try:
        from peapods import Ising
    except ImportError:
        return None
    side = round(work.nodes**0.5)
    model = Ising((side, side), temperatures=np.ones(1), n_replicas=replicas)
    sweeps = max(4, round(2e7 / (work.nodes * replicas)))

    def run(length: int) -> Callable[[], object]:
        return lambda: model.sample(length, sweep_mode="gibbs", sequential=True)

    seconds = best(run(1 + sweeps), 2) - best(run(1), 2)
    return sweeps * work.nodes * replicas / seconds * 1e-6 if seconds > 0 else None
