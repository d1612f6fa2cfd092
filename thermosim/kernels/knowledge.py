"""What noisy readings and codes of a linear plant tell: Gaussian beliefs, and information, channel after channel.

    x = g v_row + o + s z,   code c where T_c <= x < T_c+1
    of a reading   ln N(x; g v + o, s^2) - ln N(x; mu, S),               mu = g m_row + o,  S = g^2 P_row,row + s^2
    of a code      ln P(c | v) - ln q(c),   q(c) = Phi((T_c+1 - mu) / sqrt S) - Phi((T_c - mu) / sqrt S)

The belief takes up a reading by Kalman's rule, and a code by the exact mean e and variance w [sqrt S, S] of x in its
cell: m += k e, P -= k k^T (1 - w), k = g P_row / sqrt S. e^2 + w has mean 1 if q is right, e^2 alone for a reading
(w = 0). Channels of one instant have noise of their own, so that their information adds by the chain rule.
"""

import math

import numpy as np

from thermosim.kernels.jit import jit

_ROOT2 = math.sqrt(2.0)
_LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)
_NARROW = 0.05
"""Width times distance below which a cell is expanded about its centre, to 1e-9 of its variance."""
_FAR = 30.0
"""Beyond it a tail is an exponential."""


@jit
def cell(a, b):
    """ln probability, mean and variance of a standard normal on [a, b], a < b; either may be infinite."""
    if math.isfinite(a) and math.isfinite(b):
        centre, half = (a + b) / 2, (b - a) / 2
        if 2 * half * max(1.0, abs(centre)) < _NARROW:
            # the density about the centre, sum_k He_k(c) (-x)^k / k!, and moments of an even x
            c2, m2, m4, m6 = centre * centre, half**2 / 3, half**4 / 5, half**6 / 7
            he3, he4 = centre * (c2 - 3), c2 * (c2 - 6) + 3
            more = (c2 - 1) * m2 / 2 + he4 * m4 / 24
            offset = -(centre * m2 + he3 * m4 / 6) / (1 + more)
            square = (m2 + (c2 - 1) * m4 / 2 + he4 * m6 / 24) / (1 + more)
            log = math.log(2 * half) - _LOG_ROOT_2PI - c2 / 2 + math.log1p(more)
            return log, centre + offset, square - offset * offset
    sign = 1.0
    if a < 0 and -a > b:  # the heavier end comes first: differences of small tails keep their digits
        a, b, sign = -b, -a, -1.0
    if a > _FAR:
        width = a * (b - a)
        rest = math.exp(-width)
        log = -a * a / 2 - math.log(a) - _LOG_ROOT_2PI + math.log1p(-rest)
        pull = width * rest / (1 - rest) if rest > 0 else 0.0
        return log, sign * (a + (1 - pull) / a), 1 / (a * a)
    mass = 0.5 * (math.erfc(a / _ROOT2) - math.erfc(b / _ROOT2))
    low = math.exp(-a * a / 2 - _LOG_ROOT_2PI) / mass if math.isfinite(a) else 0.0
    high = math.exp(-b * b / 2 - _LOG_ROOT_2PI) / mass if math.isfinite(b) else 0.0
    mean = low - high
    second = (a * low if math.isfinite(a) else 0.0) - (b * high if math.isfinite(b) else 0.0)
    return math.log(mass), sign * mean, max(0.0, 1 + second - mean * mean)


@jit
def pass_by(mean, covariance, decay, drive, spread):
    """Time goes by: mean (n, replicas) and every covariance (any, n, n) take a step v' = decay v + drive + noise."""
    n, replicas = mean.shape
    column, work = np.empty(n), np.empty((n, n))
    for r in range(replicas):
        for i in range(n):
            total = drive[i, r]
            for j in range(n):
                total += decay[i, j] * mean[j, r]
            column[i] = total
        mean[:, r] = column
    for k in range(len(covariance)):
        old = covariance[k]
        for i in range(n):
            for j in range(n):
                total = 0.0
                for m in range(n):
                    total += decay[i, m] * old[m, j]
                work[i, j] = total
        for i in range(n):
            for j in range(i + 1):
                total = spread[i, j]
                for m in range(n):
                    total += work[i, m] * decay[j, m]
                old[i, j] = total
                old[j, i] = total


@jit
def take_readings(mean, covariance, rows, gain, offset, noise, seen, state, told, squares):
    """Readings `seen` (channel, replica) of `state` (n, replicas) [V]; all noise above 0; covariance (1, n, n) shared.

    rows, gain, offset, noise (channel,); adds to `told` [nats] and `squares` (replica,).
    """
    n, replicas = mean.shape
    pull = np.empty(n)
    belief = covariance[0]
    for c in range(len(rows)):
        row = rows[c]
        spread = gain[c] * gain[c] * belief[row, row] + noise[c] * noise[c]
        for i in range(n):
            pull[i] = gain[c] * belief[i, row] / spread
        ratio = 0.5 * math.log(spread) - math.log(noise[c])
        for r in range(replicas):
            error = seen[c, r] - gain[c] * mean[row, r] - offset[c]
            own = (seen[c, r] - gain[c] * state[row, r] - offset[c]) / noise[c]
            square = error * error / spread
            told[r] += ratio + (square - own * own) / 2
            squares[r] += square
            for i in range(n):
                mean[i, r] += pull[i] * error
        for i in range(n):
            for j in range(n):
                belief[i, j] -= pull[i] * pull[j] * spread
        # Where the prior is far wider than the noise, these differences would lose their digits.
        for j in range(n):
            belief[row, j] = pull[j] * noise[c] * noise[c] / gain[c]
            belief[j, row] = belief[row, j]


@jit
def take_codes(mean, covariance, rows, gain, offset, noise, transitions, codes, state, told, squares):
    """Codes (channel, replica) of `state` (n, replicas) [V]; covariance (replica, n, n).

    transitions (channel, codes - 1) [V]; otherwise as :func:`take_readings`, noise may be 0. What is certain beforehand
    tells nothing, and its square is 1.
    """
    n, replicas = mean.shape
    pull = np.empty(n)
    top = transitions.shape[1]
    for c in range(len(rows)):
        row, levels = rows[c], transitions[c]
        least = 1e-12 * (levels[top - 1] - levels[0] if top > 1 else 1.0)
        for r in range(replicas):
            belief, code = covariance[r], codes[c, r]
            lower = levels[code - 1] if code > 0 else -np.inf
            upper = levels[code] if code < top else np.inf
            if noise[c] > 0:
                truth = gain[c] * state[row, r] + offset[c]
                told[r] += cell((lower - truth) / noise[c], (upper - truth) / noise[c])[0]
            spread = math.sqrt(max(0.0, gain[c] * gain[c] * belief[row, row]) + noise[c] * noise[c])
            if spread <= least:
                squares[r] += 1.0
                continue
            middle = gain[c] * mean[row, r] + offset[c]
            log, place, width = cell((lower - middle) / spread, (upper - middle) / spread)
            told[r] -= log
            squares[r] += place * place + width
            for i in range(n):
                pull[i] = gain[c] * belief[i, row] / spread
            for i in range(n):
                mean[i, r] += pull[i] * place
                for j in range(n):
                    belief[i, j] -= pull[i] * pull[j] * (1 - width)
