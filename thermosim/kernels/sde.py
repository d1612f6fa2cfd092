"""Steps of a nonlinear noisy network with held inputs, for many replicas.

    dx = [-A x + g - M r(x)] dt + noise,   M = C^-1, r the nonlinear currents that leave each row

splitting   half a kick, the exact linear step over h, half a kick: with N(t) the flow of dx/dt = -M r(x) by the
            midpoint rule,  x' = N(h/2) [Phi N(h/2) x + g_h + L z].  Strang's composition of exact flows has the local
            error O(h^3) in every expectation, also with a rule of second order in the place of one of them: weak
            order 2, in the stationary law as well. Where a kick leaves alone what it depends on (flux, against
            voltage) it is exact: velocity Verlet with an exact damped oscillator in its middle, which is BAOAB with
            A, O and A in one.
heun        x~ = E(x) + n,  x' = (x + E(x~) + n) / 2,  E(x) = (1 - A h) x + g h - M r(x) h: weak order 2 for noise
            that does not depend on the state (Kloeden and Platen, Numerical Solution of SDE, section 15.1)
euler       x' = E(x) + n: Euler and Maruyama; weak and, with such noise, strong order 1

All cover additive noise, which is what networks have here: n = L z of the variance D h, or of the exact linear step.
(Strang, SIAM J. Numer. Anal. 5, 506, 1968; Leimkuhler and Matthews, Appl. Math. Res. Express 2013, 34.)

Every sum runs in a fixed order and never fused; entries of Phi and L outside `bands` are zeros. The bits of a replica
are the same in any company.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.normal import BATCH, fill, workspace
from thermosim.kernels.random import bits64
from thermosim.kernels.registers import block_sum
from thermosim.kernels.tiles import WIDTH, add_product, add_to_row, aligned, copy, load, store

POLYNOMIAL, TANH, TABLE, CUBIC = 0, 1, 2, 3
"""Kinds of curve; CUBIC is a polynomial of c3 alone, with the same bits."""
SPLITTING, HEUN, EULER = 0, 1, 2
SCHEMES = {"splitting": SPLITTING, "heun": HEUN, "euler": EULER}

_HALF = WIDTH // 2
_add_to_four_rows = block_sum(4, _HALF, WIDTH)


class Curves(NamedTuple):
    """Nonlinear elements as arrays (:class:`thermosim.analysis.conduction.Conduction`), with `inverse` M (n, n).

    runs (r, 3): kind, first element and last but one of neighbours of one kind. numbers (b, 4): c2 to c5 of a
    polynomial; a and s of a tanh; of a table its lower end, intervals per volt, its first row in `pieces` and how many.
    """

    runs: np.ndarray
    p: np.ndarray
    n: np.ndarray
    sense_p: np.ndarray
    sense_n: np.ndarray
    numbers: np.ndarray
    centre: np.ndarray
    pieces: np.ndarray
    inverse: np.ndarray
    diagonal: bool


class Linear(NamedTuple):
    """One linear step: decay and factor (n, n), with the first and the last but one column of each four rows."""

    decay: np.ndarray
    factor: np.ndarray
    decay_bands: np.ndarray
    factor_bands: np.ndarray


@jit
def _add_banded(total, matrix, bands, terms):
    """total += matrix @ terms as in :func:`add_product`, passing over the zeros outside of each four rows' band."""
    n, m = matrix.shape
    fours = n - n % 4
    for i in range(0, fours, 4):
        begin, end = bands[i // 4, 0], bands[i // 4, 1]
        for half in range(0, WIDTH, _HALF):
            place, column = i * WIDTH + half, begin * WIDTH + half
            _add_to_four_rows(total, total, place, matrix, i * m + begin, m, terms, column, end - begin)
    for i in range(fours, n):
        add_to_row(total, total, i * WIDTH, matrix, i * m, m, terms, 0, m)


@jit_noalias
def _cubics(value, held, c, begin, end, flow):
    for b in range(begin, end):
        up, un, given = value[c.sense_p[b]], value[c.sense_n[b]], held[b]
        out, into, c3 = flow[c.p[b]], flow[c.n[b]], c.numbers[b, 1]
        for k in range(WIDTH):
            u = up[k] - un[k] + given[k]
            i = u * u * (u * c3)
            out[k] += i
            into[k] -= i


@jit_noalias
def _polynomials(value, held, c, begin, end, flow):
    for b in range(begin, end):
        up, un, given = value[c.sense_p[b]], value[c.sense_n[b]], held[b]
        out, into = flow[c.p[b]], flow[c.n[b]]
        c2, c3, c4, c5 = c.numbers[b, 0], c.numbers[b, 1], c.numbers[b, 2], c.numbers[b, 3]
        for k in range(WIDTH):
            u = up[k] - un[k] + given[k]
            i = u * u * (c2 + u * (c3 + u * (c4 + u * c5)))
            out[k] += i
            into[k] -= i


_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.693147180369123816490, 1.90821492927058770002e-10
_MOST = 40.0


@jit_noalias
def _tanhs(value, held, c, begin, end, flow):
    """a tanh(s u) = a (1 - 2 / (exp(2 s u) + 1)): off by at most 4e-16 of a."""
    for b in range(begin, end):
        up, un, given = value[c.sense_p[b]], value[c.sense_n[b]], held[b]
        out, into = flow[c.p[b]], flow[c.n[b]]
        most, twice = c.numbers[b, 0], 2.0 * c.numbers[b, 1]
        for k in range(WIDTH):
            x = twice * (up[k] - un[k] + given[k])
            x = x if x < _MOST else _MOST
            x = x if x > -_MOST else -_MOST
            whole = np.floor(x * _LOG2E + 0.5)
            t = x - whole * _LN2_HIGH - whole * _LN2_LOW
            e = 1 / 3628800 + t * (1 / 39916800 + t * (1 / 479001600))
            e = 1 / 5040 + t * (1 / 40320 + t * (1 / 362880 + t * e))
            e = 1 / 24 + t * (1 / 120 + t * (1 / 720 + t * e))
            e = 1.0 + t * (1.0 + t * (1 / 2 + t * (1 / 6 + t * e)))
            power = np.int64((np.int64(whole) + np.int64(1023)) << np.int64(52)).view(np.float64)
            i = most * (1.0 - 2.0 / (e * power + 1.0))
            out[k] += i
            into[k] -= i


@jit_noalias
def _tables(value, held, c, begin, end, flow):
    for b in range(begin, end):
        up, un, given = value[c.sense_p[b]], value[c.sense_n[b]], held[b]
        out, into = flow[c.p[b]], flow[c.n[b]]
        low, per_volt, first = c.numbers[b, 0], c.numbers[b, 1], np.int64(c.numbers[b, 2])
        last = c.numbers[b, 3] - 1.0
        for k in range(WIDTH):
            position = (up[k] - un[k] + given[k] - low) * per_volt
            place = np.floor(position)
            place = place if place > 0.0 else 0.0
            place = place if place < last else last
            t = position - place
            piece = c.pieces[first + np.int64(place)]
            i = piece[0] + t * (piece[1] + t * (piece[2] + t * piece[3]))
            out[k] += i
            into[k] -= i


@jit_noalias
def _reaches(value, held, c, reach):
    for b in range(c.centre.size):
        up, un, given, far = value[c.sense_p[b]], value[c.sense_n[b]], held[b], reach[b]
        centre = c.centre[b]
        for k in range(WIDTH):
            u = abs(up[k] - un[k] + given[k] - centre)
            far[k] = far[k] if u <= far[k] else u  # also takes up what is no number


@jit
def _flows(value, held, curves, flow):
    """Add the current of every element to `flow` (n + 1, WIDTH); the last row of `value` is 0, that of flow nothing."""
    for r in range(curves.runs.shape[0]):
        kind, begin, end = curves.runs[r, 0], curves.runs[r, 1], curves.runs[r, 2]
        if kind == CUBIC:
            _cubics(value, held, curves, begin, end, flow)
        elif kind == POLYNOMIAL:
            _polynomials(value, held, curves, begin, end, flow)
        elif kind == TANH:
            _tanhs(value, held, curves, begin, end, flow)
        else:
            _tables(value, held, curves, begin, end, flow)


@jit_noalias
def _less(value, flow, scale, out):
    """out = value - scale flow, row by row, and flow is 0 again."""
    for i in range(scale.size):
        row, move, target, much = value[i], flow[i], out[i], scale[i]
        for k in range(WIDTH):
            target[k] = row[k] - much * move[k]
            move[k] = 0.0


@jit_noalias
def _less_here(value, flow, scale):
    """value -= scale flow, row by row, and flow is 0 again."""
    for i in range(scale.size):
        row, move, much = value[i], flow[i], scale[i]
        for k in range(WIDTH):
            row[k] = row[k] - much * move[k]
            move[k] = 0.0


@jit
def _charges(flow, curves, seconds, scale, work):
    """What is to be subtracted is scale[i] times row i of the answer; `work` (n, WIDTH) is used where M is full."""
    n = scale.size
    if curves.diagonal:
        for i in range(n):
            scale[i] = seconds * curves.inverse[i, i]
        return flow
    work[:] = 0.0
    add_product(work, curves.inverse, flow[:n], False)
    flow[:] = 0.0
    scale[:] = seconds
    return work


@jit_noalias
def _between(before, after, total):
    """total = (before + after) / 2."""
    one, other, target = before.reshape(-1), after.reshape(-1), total.reshape(-1)
    for k in range(target.size):
        target[k] = 0.5 * (one[k] + other[k])


@jit_noalias
def _put(row, out, begin, width):
    for k in range(width):
        out[begin + k] = row[k]


@jit
def advance(state, linear, drive, curves, held, scheme, seconds, keys, first, each, nodes, out, far, one, last):
    """As many times `each` steps of `seconds` as out (times, nodes.size, replicas) has room for; replicas one .. last.

    state (n, replicas) and far (element, replicas) are changed in place: `far` is the largest distance of what an
    element senses from its `centre` [V]. drive (n, replicas) or (n, 1) [V], held (element, replicas) or (element, 1)
    [V]; keys (replicas,) uint64; first: uint64 number of the first step. out[t] holds `nodes` after step (t + 1) each.
    """
    n = state.shape[0]
    elements = curves.centre.size
    value, other, flow = aligned(n + 1, WIDTH), aligned(n + 1, WIDTH), aligned(n + 1, WIDTH)
    total, given, work = aligned(n, WIDTH), aligned(n, WIDTH), aligned(n, WIDTH)
    senses, reach = aligned(elements, WIDTH), aligned(elements, WIDTH)
    for tile in (value, other, flow):
        tile[:] = 0.0
    given[:] = 0.0
    senses[:] = 0.0
    scale = np.empty(n)
    count = each * out.shape[0]
    pairs = (n + 1) // 2
    ahead = min(count, max(1, BATCH // max(1, pairs)))
    normals, bits = aligned(ahead * n, WIDTH), np.zeros(ahead * WIDTH, np.uint64)
    high, low, even, odd = workspace()
    for begin in range(one, last, WIDTH):
        width = min(WIDTH, last - begin)
        value[:] = 0.0
        load(state, begin, width, value[:n])
        reach[:] = 0.0
        load(far, begin, width, reach)
        if drive.shape[1] == 1:
            for i in range(n):
                given[i] = drive[i, 0]
        else:
            load(drive, begin, width, given)
        if held.shape[1] == 1:
            for b in range(elements):
                senses[b] = held[b, 0]
        else:
            load(held, begin, width, senses)
        for t in range(count):
            slot = t % ahead
            if slot == 0:
                for later in range(ahead):
                    for k in range(width):
                        bits[later * WIDTH + k] = bits64(keys[begin + k], first + np.uint64(t + later))
                fill(bits, normals, high, low, even, odd)
            z = normals[slot * n : (slot + 1) * n]
            _reaches(value, senses, curves, reach)
            if scheme == SPLITTING:
                _kick(value, other, flow, senses, curves, seconds / 2, scale, work)
                copy(given, total)
                _add_banded(total, linear.factor, linear.factor_bands, z)
                _add_banded(total, linear.decay, linear.decay_bands, value[:n])
                copy(total, value[:n])
                _kick(value, other, flow, senses, curves, seconds / 2, scale, work)
            else:
                _euler(value, other, flow, given, senses, linear, curves, seconds, z, scale, total, work)
                if scheme == HEUN:
                    _corrected(value, other, flow, given, senses, linear, curves, seconds, z, scale, total, work)
                else:
                    copy(other, value)
            if (t + 1) % each == 0:
                for node in range(nodes.size):
                    _put(value[nodes[node]], out[(t + 1) // each - 1, node], begin, width)
        store(value[:n], begin, width, state)
        store(reach, begin, width, far)


@jit
def _kick(value, other, flow, senses, curves, seconds, scale, work):
    """The flow of the nonlinear currents over `seconds`, by the midpoint rule."""
    _flows(value, senses, curves, flow)
    _less(value, _charges(flow, curves, seconds / 2, scale, work), scale, other)
    _flows(other, senses, curves, flow)
    _less_here(value, _charges(flow, curves, seconds, scale, work), scale)


@jit
def _euler(value, other, flow, given, senses, linear, curves, seconds, z, scale, total, work):
    """other = E(value) + n."""
    n = scale.size
    _flows(value, senses, curves, flow)
    copy(given, total)
    _add_banded(total, linear.factor, linear.factor_bands, z)
    _add_banded(total, linear.decay, linear.decay_bands, value[:n])
    _less(total, _charges(flow, curves, seconds, scale, work), scale, other)


@jit
def _corrected(value, other, flow, given, senses, linear, curves, seconds, z, scale, total, work):
    """value = (value + E(other) + n) / 2."""
    n = scale.size
    _flows(other, senses, curves, flow)
    copy(given, total)
    _add_banded(total, linear.factor, linear.factor_bands, z)
    _add_banded(total, linear.decay, linear.decay_bands, other[:n])
    _less_here(total, _charges(flow, curves, seconds, scale, work), scale)
    _between(value[:n], total, work)
    copy(work, value[:n])
