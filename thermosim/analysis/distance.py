"""Distances of samples from a law, each with its error and with the score of a perfect sampler of equal length.

Total variation and relative entropy of M counts n_i against probabilities p_i:

    TV = sum_i |n_i / M - p_i| / 2,     KL = sum_i (n_i / M) ln(n_i / (M p_i))   [nats]

A perfect sampler does not score 0. De Moivre's mean absolute deviation of a binomial gives exactly

    <TV> = sum_i d_i / 2M,   d_i = 2 (1 - p_i)^(M - k_i) p_i^(k_i + 1) (k_i + 1) C(M, k_i + 1),   k_i = floor(M p_i)

and, with counts as Poisson numbers of given sum, correlations to second order, a_i = p_i^1.5 / (1 - p_i)^0.5 and
h(n) = n ln(n / M p) - n + M p,

    var TV = [sum_i (M p_i (1 - p_i) - d_i^2) - (sum_i cov(|n_i - M p_i|, n_i))^2 / M
              + M ((sum a)^2 - sum a^2) / pi] / 4 M^2
    <KL>   = (sum_i <h_i> - 1/2) / M,     var KL = (sum_i var h_i - (sum_i cov(h_i, n_i))^2 / M - 1/2) / M^2

the familiar (states - 1) / 2M where all states are well visited. Correlated counts scatter by tau_i p_i (1 - p_i) M,
tau_i the correlation time of "the state is i"; a rare state comes in visits of about tau_i samples. Either way it is
one among M / tau_i independent draws, and the sums run over states of unlike M_i = samples / tau_i:

    <TV> = sum_i d_i(M_i) / 2 M_i,     1 / M = sum_i p_i / M_i in what the given sum takes away

tau is shared by a group g of states of like probability and comes from their coincidences,

    rho_k = (P(s_t = s_t+k in g) - sum_g P_i^2) / sum_g P_i (1 - P_i),     tau_g = sum_g P_i (1 - P_i) tau_i / sum_g ..

The score goes with the root of tau and is largest where all tau_i of a group are equal, so that the floor errs high
where they are not: on a torus of sixteen spins with RNG memory by up to 7 % in TV and 5 % in KL, where one time for
all states erred by up to 40 % and 60 %. An excess then errs on the low side. States also err together, one slow mode
for all, maybe too faint for the window of tau; what that adds to the variances is measured on blocks of samples,

    var TV += sum_{i != j} C_ij^2 / (4 pi sigma_i sigma_j),     var KL += sum_{i != j} C_ij^2 / (2 p_i p_j)

(covariance of |x| and |y| of normal x, y to second order; of x^2 and y^2).

Kolmogorov-Smirnov: D = sup |F_M(z) - F(z)|; sqrt(M) D of a perfect sampler has mean sqrt(pi/2) ln 2 and standard
deviation sqrt(pi^2/12 - (pi/2) ln^2 2); the error of a D far from zero is sqrt(F (1 - F) / M) at its place. M takes
tau of the projection itself. The steps of F_M forget faster than the values, and jointly: a correlated sampler
without fault scores the floor or up to a third less.

Covariance: |S - Sigma|_F / |Sigma|_F. S - Sigma of a perfect sampler is normal with the covariance of y_i y_j over M;
for a Gaussian law that is a root mean square of sqrt((|Sigma|_F^2 + tr^2 Sigma) / M) / |Sigma|_F.

Moments: the root mean square v of many differences that are not independent. Their squares sum as a covariance C
says, to tr C with the variance 2 tr C^2; so n v^2 / tr C is taken as chi-squared over its degrees of freedom
nu = (tr C)^2 / tr C^2, which has the same mean and variance (Satterthwaite):

    <v> = sqrt(tr C / n) g,   var v = (tr C / n) (1 - g^2),   g = sqrt(2 / nu) Gamma((nu + 1) / 2) / Gamma(nu / 2)

Sources: Satterthwaite, Biometrics Bull. 2, 110 (1946);
Diaconis and Zabell, Stat. Sci. 6, 284 (1991); Marsaglia, Tsang and Wang, J. Stat. Softw. 8, 18 (2003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thermosim.analysis.mixing import windowed
from thermosim.contracts import Floats, Ints

KS_MEAN = math.sqrt(math.pi / 2) * math.log(2)
KS_SPREAD = math.sqrt(math.pi**2 / 12 - math.pi / 2 * math.log(2) ** 2)
BLOCKS = 32
GROUPS = 32
"""Groups of states that share a correlation time."""


@dataclass(frozen=True)
class Distance:
    """`value` with its standard `error`; `length` independent draws score `floor` +- `floor_spread`.

    `quantity` names the distance, `law` what the samples are held against.
    """

    quantity: str
    law: str
    value: float
    error: float
    floor: float
    floor_spread: float
    length: float

    @property
    def excess(self) -> float:
        """Standard deviations of a perfect sampler's score by which the value exceeds its mean.

        A perfect sampler whose score does not vary is exceeded by nothing or without limit.
        """
        if self.floor_spread > 0:
            return (self.value - self.floor) / self.floor_spread
        return math.inf if self.value > self.floor else 0.0


def total_variation(frequency: Floats, p: Floats) -> float:
    """TV of two laws over the same states."""
    return float(np.abs(frequency - p).sum()) / 2


def relative_entropy(frequency: Floats, p: Floats) -> float:
    """KL of `frequency` from `p` [nats]; infinite where a state that p forbids was seen."""
    seen = frequency > 0
    with np.errstate(divide="ignore"):
        return float((frequency[seen] * (np.log(frequency[seen]) - np.log(p[seen]))).sum())


def total_variation_floor(p: Floats, length: float | Floats) -> tuple[float, float]:
    """Mean and standard deviation of a perfect sampler's TV after `length` draws, of all states or of each (state,)."""
    from scipy.special import gammainc, gammaln, xlog1py, xlogy

    length = np.broadcast_to(np.asarray(length, dtype=float), p.shape)[p > 0]
    p = p[p > 0]
    if len(p) == 1:
        return 0.0, 0.0
    rate = length * p
    k = np.floor(rate)
    choose = gammaln(length + 1) - gammaln(k + 2) - gammaln(np.maximum(length - k, 1e-12))
    deviation = 2 * np.exp(choose + xlog1py(length - k, -p) + xlogy(k + 1, p) + np.log(k + 1))

    def at_least(n: Floats) -> Floats:
        return np.where(n > 0, gammainc(np.maximum(n, 1e-12), rate), 1.0)

    above = rate**2 * (at_least(k - 1) - 2 * at_least(k) + at_least(k + 1)) + rate * at_least(k)
    skew = np.where(rate < 1e4, 2 * above - rate, 0.0) / length**2
    a = p**1.5 / np.sqrt((1.0 - p) * length)
    pairs = float(a.sum() ** 2 - (a**2).sum()) / math.pi
    variance = float(((rate * (1 - p) - deviation**2) / length**2).sum()) + pairs
    variance -= float(skew.sum()) ** 2 / float((p / length).sum())
    return float((deviation / length).sum()) / 2, math.sqrt(max(variance, 0.0)) / 2


def _poisson_table() -> tuple[Floats, Floats, Floats, Floats]:
    """ln lambda, <h>, var h and cov(h, n) of h = n ln(n / lambda) - n + lambda for Poisson n."""
    from scipy.special import gammaln, xlogy

    rates = np.geomspace(1e-8, 300.0, 400)
    n = np.arange(700.0)
    mean, variance, covariance = np.empty((3, len(rates)))
    for index, rate in enumerate(rates):
        weight = np.exp(n * math.log(rate) - rate - gammaln(n + 1))
        h = xlogy(n, n / rate) - n + rate
        mean[index] = weight @ h
        variance[index] = weight @ (h - mean[index]) ** 2
        covariance[index] = weight @ (h * (n - rate))
    return np.log(rates), mean, variance, covariance


def relative_entropy_floor(p: Floats, length: float | Floats) -> tuple[float, float]:
    """Mean and standard deviation of a perfect sampler's KL after `length` draws, of all states or of each [nats]."""
    log_rates, *columns = _poisson_table()
    length = np.broadcast_to(np.asarray(length, dtype=float), p.shape)
    at = np.log(np.maximum(length * p, 1e-300))
    mean, variance, covariance = (np.interp(at, log_rates, column, left=0.0) for column in columns)
    common = float((p / length).sum())
    spread = float((variance / length**2).sum()) - float((covariance / length**2).sum()) ** 2 / common - common**2 / 2
    return max(float((mean / length).sum()) - common / 2, 0.0), math.sqrt(max(spread, 0.0))


def alike(p: Floats) -> Ints:
    """Groups 0 .. GROUPS - 1 of states (state,) of like probability, with equal shares of sum sqrt(p (1 - p))."""
    order = np.argsort(p, kind="stable")
    reach = np.cumsum(np.sqrt(p * (1.0 - p))[order])
    groups = np.zeros(len(p), dtype=np.int64)
    if reach[-1] > 0:
        middle = reach - np.diff(reach, prepend=0.0) / 2
        groups[order] = np.minimum(middle / reach[-1] * GROUPS, GROUPS - 1)
    return groups


def coincidence_times(states: np.ndarray, frequency: Floats, groups: Ints, limit: int = 1024) -> Floats:
    """Autocorrelation times of the counts of `states` (chain, draw) from coincidences, by group [samples].

    `frequency`, `groups` (state,): share of the samples and number of the group of every state. nan where only one
    state was seen; 1 for a group that was never seen.
    """
    draws, count = states.shape[1], int(groups.max()) + 1
    base = np.bincount(groups, frequency**2, count)
    variance = np.bincount(groups, frequency, count) - base
    if float(base.sum()) >= 1.0:
        return np.full(count, math.nan)
    own = groups[states]
    reach, rho = 16, np.ones((1, count))
    while True:
        more = []
        for k in range(len(rho), min(reach, draws // 2) + 1):
            same = states[:, k:] == states[:, : draws - k]
            again = np.bincount(own[:, k:][same], minlength=count) / same.size
            more.append(np.where(variance > 0, (again - base) / np.where(variance > 0, variance, 1.0), 0.0))
        rho = np.vstack([rho, *more])
        found = [windowed(column, states.size) for column in rho.T]
        if all(one.closed for one in found) or reach >= min(limit, draws // 2):
            # The longest window for all: a group that forgets most of itself at once may have a long faint tail.
            window = max(one.window for one in found)
            tau = (2.0 * rho[: window + 1].sum(axis=0) - 1.0) * (1.0 + (2 * window + 1) / states.size)
            return np.asarray(np.maximum(tau, 1.0 / states.size))
        reach *= 4


def shared_error(parts: Floats, size: Floats) -> float:
    """sum_{i != j} C_ij^2 / (w_i w_j) for the frequencies of all blocks together, never negative.

    `parts` (block, state): frequencies in blocks that are independent, of even number; `size` (state,): w_i > 0, of
    which C_ii^2 / w_i^2 is about the square. Differences u of two blocks have no mean and the covariance 2 B C, so that
    <(sum_i u_i u'_i / w_i)^2> = 4 B^2 sum_ij C_ij^2 / (w_i w_j) for two of them.
    """
    half = len(parts) // 2
    differences = (parts[:half] - parts[half:]) / np.sqrt(size)
    product = differences @ differences.T
    apart = ~np.eye(half, dtype=bool)
    return float((product[apart] ** 2).mean()) / (4 * len(parts) ** 2)


def histogram_distances(states: np.ndarray, p: Floats, law: str) -> tuple[Distance, Distance]:
    """TV and KL of `states` (chain, draw), numbers below len(p), from the law p; errors by jackknife over blocks."""
    parts = [np.bincount(part, minlength=len(p)) for part in np.array_split(np.ravel(states).astype(np.int64), BLOCKS)]
    counts = np.sum(parts, axis=0)
    frequency = counts / states.size
    groups = alike(p)
    tau = coincidence_times(states, frequency, groups)[groups]
    each = np.where(np.isfinite(tau), states.size / tau, 1.0)
    weight = np.sqrt(p * (1.0 - p))
    scale = float((weight / np.sqrt(each)).sum())
    length = (float(weight.sum()) / scale) ** 2 if scale > 0 else float(each.max())
    seen = (counts > 0) & (counts < states.size)
    blocks = np.array([part[seen] / max(part.sum(), 1) for part in parts])
    q, own = np.maximum(p, frequency)[seen], each[seen]
    alone = np.sqrt(q * (1.0 - q) / own)
    shared = shared_error(blocks, alone) - float((alone**2).sum())
    shared_kl = shared_error(blocks, q) - float(((1.0 - q) ** 2 / own**2).sum())
    found = []
    for quantity, measure, floor, extra in (
        ("TV", total_variation, total_variation_floor, shared / (4 * math.pi)),
        ("KL", relative_entropy, relative_entropy_floor, shared_kl / 2),
    ):
        left_out = [measure((counts - part) / (states.size - part.sum()), p) for part in parts]
        error = math.sqrt((BLOCKS - 1) * float(np.var(left_out))) if np.isfinite(left_out).all() else math.nan
        score, spread = floor(p, each)
        spread = math.sqrt(spread**2 + max(extra, 0.0))
        found.append(Distance(quantity, law, measure(frequency, p), error, score, spread, length))
    return found[0], found[1]


def kolmogorov_smirnov(cdf: Floats, law: str, tau: float, quantity: str) -> Distance:
    """KS of samples given as the law's distribution function at each of them, of any shape.

    `tau` is the autocorrelation time of the samples.
    """
    uniform = np.sort(cdf, axis=None)
    size = uniform.size
    steps = np.arange(size + 1) / size
    above, below = steps[1:] - uniform, uniform - steps[:-1]
    up, down = int(np.argmax(above)), int(np.argmax(below))
    value = max(float(above[up]), float(below[down]))
    level = float(steps[up + 1]) if above[up] >= below[down] else float(steps[down])
    length = size / tau
    error = math.sqrt(max(level * (1 - level), 0.0) / length)
    root = math.sqrt(length)
    return Distance(quantity, law, value, error, KS_MEAN / root, KS_SPREAD / root, length)


def covariance_error(
    sample: Floats, covariance: Floats, perfect: Floats, law: str, length: float, trials: int = 400
) -> Distance:
    """Frobenius error of a sample covariance (node, node) relative to the law's, at `length` independent draws.

    `perfect` (draw, node): independent draws of the law, whose fourth moments give the scatter of a covariance.
    """
    norm = float(np.linalg.norm(covariance))
    if norm == 0.0:
        raise ValueError("a law without any scatter has no covariance to be compared with")
    n = len(covariance)
    centred = perfect - perfect.mean(axis=0)
    products = (centred[:, :, None] * centred[:, None, :]).reshape(len(perfect), n * n)
    scatter = np.atleast_2d(np.cov(products.T)) / length
    values, vectors = np.linalg.eigh(scatter)
    noise = np.random.default_rng(0).standard_normal((trials, n * n)) * np.sqrt(np.maximum(values, 0.0))
    scores = np.linalg.norm(noise @ vectors.T, axis=1) / norm
    value = float(np.linalg.norm(sample - covariance)) / norm
    spread = float(scores.std(ddof=1))
    return Distance("covariance", law, value, spread, float(scores.mean()), spread, length)


def moment_error(
    means: Floats, reference: Floats, law: str, square: float, doubt: float, independent: float, length: float,
    quantity: str,
) -> Distance:  # fmt: skip
    """Root-mean-square difference of many `means` from `reference` ones that carry their own errors.

    `square`: mean squared error that a perfect sampler and the reference have together, known to the standard error
    `doubt`; `independent`: degrees of freedom nu of all these errors; `length` in effective samples.
    """
    from scipy.special import gammaln

    share = math.sqrt(2.0 / independent) * math.exp(gammaln((independent + 1) / 2) - gammaln(independent / 2))
    floor = math.sqrt(square) * share
    doubtful = doubt / (2.0 * math.sqrt(square)) if square > 0 else 0.0
    spread = math.hypot(math.sqrt(square * max(1.0 - share**2, 0.0)), doubtful)
    value = math.sqrt(float(((means - reference) ** 2).mean()))
    return Distance(quantity, law, value, spread, floor, spread, length)
