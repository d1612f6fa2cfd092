"""Generated problems: two that are planted, so that their lowest energy is known, and the +-J torus.

    wishart   J = -(W W^T - diagonal)/n, columns of W (n, ratio n) normal and orthogonal to t: E(t) = -tr(W W^T)/(2 n)
    xorsat    n equations of three spins, every spin in three of them: each a gate of one auxiliary, E = -4 n
    xorsat_terms  the same equations as products, E = -sum S_abc s_a s_b s_c, -n where all hold: no auxiliaries
    torus     side x side, J = +-1 with equal chances; lowest energy by a transfer matrix up to 10 x 10

Wishart: Hamze et al., Phys. Rev. E 101, 052102 (2020). 3-regular 3-XORSAT: Hen, Phys. Rev. Applied 12, 011003 (2019);
Kowalsky et al., Quantum Sci. Technol. 7, 025008 (2022).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from thermosim.contracts import Floats, Ints
from thermosim.netlist.lattices import lattice_edges, refuse_too_many
from thermosim.netlist.problem import Problem, from_products, from_terms
from thermosim.streams import generator

Kind = Literal["wishart", "xorsat", "xorsat_terms", "torus"]
SOLVED = 10
"""Largest side of a torus whose lowest energy is computed."""
XOR = np.array([[0, -1, -1, 2], [-1, 0, -1, 2], [-1, -1, 0, 2], [2, 2, 2, 0]], dtype=np.float64)
"""Couplings of m_a m_b m_c = S with one auxiliary; the biases are S (1, 1, 1, -2). -4 if it holds, else -2 or more."""
XOR_BIAS = np.array([1, 1, 1, -2], dtype=np.float64)


def planted(kind: Kind, size: int, seed: int, ratio: float = 0.75) -> Problem:
    """A generated problem: `size` is the number of spins (wishart, before the auxiliaries in xorsat) or the side."""
    if kind == "wishart":
        return wishart(size, ratio, seed)
    if kind == "torus":
        return torus(size, seed)
    return xorsat(size, seed) if kind == "xorsat" else xorsat_terms(size, seed)


def wishart(spins: int, ratio: float, seed: int) -> Problem:
    """Dense problem with a planted state; hardest where `ratio` is small."""
    columns = round(ratio * spins)
    refuse_too_many(spins * (spins - 1) // 2, f"a Wishart problem of {spins} spins")
    if spins < 2 or columns < 1:
        raise ValueError(f"a Wishart problem of {spins} spins and ratio {ratio:g} has no columns")
    rng = generator(seed, "wishart")
    state = rng.choice(np.array([-1, 1]), spins)
    normal = rng.standard_normal((spins, columns))
    w = np.sqrt(spins / (spins - 1)) * (normal - np.outer(state, state @ normal) / spins)
    gram = w @ w.T / spins
    i, j = np.triu_indices(spins, 1)
    pairs = zip(i.tolist(), j.tolist(), (-gram[i, j]).tolist(), strict=True)
    ground = -float(np.trace(gram)) / 2
    return from_terms(f"wishart{spins}", spins, pairs, ground=ground, planted=state)


def xorsat(variables: int, seed: int) -> Problem:
    """3-regular 3-XORSAT; spins are the variables, then the auxiliary of every equation."""
    state, equations, sign = _equations(variables, seed)
    pairs: list[tuple[int, int, float]] = []
    biases = np.zeros(2 * variables)
    for k, members in enumerate(equations):
        spins = [*(int(member) for member in members), variables + k]
        # m -> S m turns m_a m_b m_c = 1 into = S, as S^3 = S; couplings stay, biases take the sign.
        pairs += [(spins[a], spins[b], float(XOR[a, b])) for a in range(4) for b in range(a + 1, 4)]
        biases[spins] += sign[k] * XOR_BIAS
    # The auxiliary is down where all three are up after the gauge, and follows their majority otherwise.
    total = sign * state[equations].sum(axis=1)
    auxiliary = sign * np.where(total > 1, 1, -1)
    whole = np.concatenate([state, auxiliary])
    return from_terms(f"xorsat{variables}", 2 * variables, pairs, biases, ground=-4.0 * variables, planted=whole)


def xorsat_terms(variables: int, seed: int) -> Problem:
    """The equations of :func:`xorsat` as products of three; spins are the variables."""
    state, equations, sign = _equations(variables, seed)
    energy: dict[tuple[int, ...], float] = {}
    for members, value in zip(np.sort(equations, axis=1).tolist(), sign, strict=True):
        energy[tuple(members)] = energy.get(tuple(members), 0.0) - float(value)
    name, ground = f"xorsat_terms{variables}", -float(variables)
    return from_products(name, variables, energy, ground=ground, planted=state)


def _equations(variables: int, seed: int) -> tuple[Ints, Ints, Ints]:
    """A planted state, the equations (variables, 3), and the products S that the state gives them."""
    if variables < 4:
        raise ValueError(f"{variables} variables cannot each stand in three different equations; at least 4")
    rng = generator(seed, "xorsat")
    state = rng.choice(np.array([-1, 1]), variables)
    equations = _regular(variables, rng)
    return state, equations, np.prod(state[equations], axis=1)


def _regular(variables: int, rng: np.random.Generator) -> Ints:
    """Equations (variables, 3) of distinct variables in which each stands three times; repairs by random swaps."""
    stubs = rng.permutation(np.repeat(np.arange(variables), 3)).reshape(-1, 3)
    while True:
        ordered = np.sort(stubs, axis=1)
        bad = np.flatnonzero((ordered[:, 0] == ordered[:, 1]) | (ordered[:, 1] == ordered[:, 2]))
        if not bad.size:
            return np.asarray(stubs, dtype=np.int64)
        flat = stubs.ravel()
        for row in bad:
            a, b = 3 * row + rng.integers(3), rng.integers(flat.size)
            flat[a], flat[b] = flat[b], flat[a]


def torus(side: int, seed: int) -> Problem:
    """+-J on a square lattice with periodic boundaries."""
    edges, _ = lattice_edges("square", (side, side), "torus")
    weights = generator(seed, "torus").choice(np.array([-1.0, 1.0]), len(edges))
    pairs = zip(edges[:, 0].tolist(), edges[:, 1].tolist(), weights.tolist(), strict=True)
    problem = from_terms(f"torus{side}", side * side, pairs)
    ground = torus_ground(problem, side) if side <= SOLVED else None
    return from_terms(f"torus{side}", side * side, _listed(problem), ground=ground)


def _listed(problem: Problem) -> list[tuple[int, int, float]]:
    return [(int(i), int(j), float(w)) for (i, j), w in zip(problem.edges, problem.weights, strict=True)]


def torus_ground(problem: Problem, side: int) -> float:
    """Lowest energy of a side x side torus without biases: min-plus transfer matrix from row to row, closed on itself.

    The first row runs over half of its states (the energy is even); memory is 2^(2 side) numbers.
    """
    down, right = np.zeros((side, side)), np.zeros((side, side))
    for i, j, weight in _listed(problem):
        (a, b), (c, d) = divmod(i, side), divmod(j, side)
        if a == c:
            right[a, b if (b + 1) % side == d else d] = weight
        else:
            down[a if (a + 1) % side == c else c, b] = weight
    states = (2 * ((np.arange(2**side)[:, np.newaxis] >> np.arange(side)) & 1) - 1).astype(np.float64)
    inside = -(states * np.roll(states, -1, axis=1)) @ right.T  # (state, row)
    half = 2 ** (side - 1)
    best: Floats = np.full((half, 2**side), np.inf)
    best[np.arange(half), np.arange(half)] = inside[:half, 0]
    first = np.arange(2**side)
    for row in range(side):
        for column in range(side):  # spin by spin: the new spin of the next row sees the old one
            flipped = first ^ (1 << column)
            agree, differ = best - down[row, column], best[:, flipped] + down[row, column]
            best = np.minimum(agree, differ)
        if row < side - 1:
            best = best + inside[:, row + 1]
    return float(best[np.arange(half), np.arange(half)].min())
