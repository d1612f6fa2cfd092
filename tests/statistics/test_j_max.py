"""H6, the sweep of J_max: 12 spins, 18 pairs and 20 triples, weights N(0, 0.6^2), by enumeration of the clipped law.

Published (modelled, couplings not given): stationary error 0.46 at J_max = 0.3 falling to 0.024 at 10. Clipping alone
gives 0.47 to 0.82 at 0.3 over 60 random draws, median 0.62, and nothing at 10, where no weight is clipped: so 0.46 is
below all of our draws, and 0.024 is another error than clipping, by what is not said.
"""

from functools import cache
from itertools import combinations

import numpy as np
from small_fabrics import total_variation
from small_laws import fabric

from thermosim.circuit.program import IsingLaw
from thermosim.ideal.exact import probabilities
from thermosim.terms import Terms

DRAWS = 60


@cache
def law(seed: int) -> IsingLaw:
    """A draw of the graph and its weights."""
    random = np.random.default_rng(seed)
    pairs, triples = (np.array(list(combinations(range(12), k))) for k in (2, 3))
    edges = pairs[np.sort(random.choice(len(pairs), 18, replace=False))]
    members = triples[np.sort(random.choice(len(triples), 20, replace=False))]
    weights, products = random.normal(0, 0.6, 18), random.normal(0, 0.6, 20)
    padded = np.pad(members, ((0, 0), (1, 0)), constant_values=-1)
    return IsingLaw(edges, weights, np.zeros(12), 1.0, None, Terms(padded, products))


def clipped(of: IsingLaw, j_max: float, terms: bool = True) -> IsingLaw:
    products = np.clip(of.terms.weights, -j_max, j_max) if terms else of.terms.weights
    weights = np.clip(of.weights, -j_max, j_max)
    return IsingLaw(of.edges, weights, of.biases, of.beta, None, Terms(of.terms.members, products))


def errors(j_max: float, terms: bool = True) -> np.ndarray:
    """Total variation between the clipped and the drawn law, of every draw."""
    return np.array(
        [total_variation(probabilities(clipped(law(k), j_max, terms)), probabilities(law(k))) for k in range(DRAWS)]
    )


def test_the_error_falls_with_j_max_and_vanishes():
    found = {j_max: errors(j_max) for j_max in (0.3, 0.6, 1.0, 10.0)}
    for low, high in ((0.3, 0.6), (0.6, 1.0)):
        assert np.all(found[low] > found[high])
    assert np.all(found[10.0] == 0.0), "no weight of 0.6 sigma is clipped at 10: the published 0.024 is no clipping"
    low, middle, high = np.percentile(found[0.3], [0, 50, 100])
    assert (round(low, 2), round(middle, 2), round(high, 2)) == (0.47, 0.62, 0.82)
    assert low > 0.46, "the published value is below all draws"
    assert np.median(errors(0.3, terms=False)) < 0.5 < middle, "products left unclipped"


def test_a_chip_of_that_full_scale_programs_the_clipped_law(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = law(0)
    lines = [f"{i},{j},{w!r}" for (i, j), w in zip(one.edges.tolist(), one.weights.tolist(), strict=True)]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    terms = zip(one.terms.members[:, 1:].tolist(), one.terms.weights.tolist(), strict=True)
    (tmp_path / "triples.terms").write_text("\n".join(f"{i} {j} {k} {w!r}" for (i, j, k), w in terms))
    wire = "model: {type: synapse, j_max: 0.3}"
    made = fabric(
        12, f"p: {{between: [s, s], {wire}, edges: pairs.csv}}, c: {{between: [s, s, s], {wire}, terms: triples.terms}}"
    )
    drawn, programmed = probabilities(made.drawn), probabilities(made.programmed)
    np.testing.assert_allclose(drawn, probabilities(one), atol=1e-14)
    assert abs(total_variation(programmed, drawn) - errors(0.3)[0]) < 1e-12
