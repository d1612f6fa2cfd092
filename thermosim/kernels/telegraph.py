"""Free-running p-bits whose inputs are late or whose rates have no small bound: a jump process, event by event.

    flip rate of p-bit i:   constant   r = (1 / tau0) p(a_i) up, (1 / tau0) (1 - p(a_i)) down,   at most 1 / tau0
                            Arrhenius  r = k0 exp(-s_i a_i / 2)
    input:                  da_i/dt = (g_i - a_i) / settling,   g_i = b_i + sum_j w_ij s_j(t - delay)

Constant rates: candidates are one Poisson stream of rate sum 1 / tau0; p-bit i is picked with weight 1 / tau0_i (alias
table) and redrawn from p(a_i), which is the same chain (uniformisation). With Arrhenius p-bits every p-bit has a
candidate time in an indexed heap (next reaction; the residual is scaled when the rate changes, so only the p-bits that
feel a flip move). While an input relaxes an Arrhenius rate is monotone, hence below the larger of its value now and its
value at the goal: candidates come at that bound, others at 1 / tau0, and are accepted with r / bound (thinning). A
delay is a queue of flips that are delivered in their order. No step of time is ever chosen, so nothing depends on one.
Inputs that follow at once are the business of :mod:`thermosim.kernels.stream`, where bounds are small. A p-bit of
rate 0 is held.

Random words: lane64(bits64(key, count), lane), `count` the candidates so far of a replica.
Jensen, Skand. Aktuarietidskr. 36, 87 (1953); Lewis and Shedler, Nav. Res. Logist. 26, 403 (1979); Gibson and Bruck,
J. Phys. Chem. A 104, 1876 (2000).
"""

from math import exp, inf, log
from typing import NamedTuple

import numpy as np

from thermosim.kernels.gibbs import DOWN, UP
from thermosim.kernels.jit import jit
from thermosim.kernels.random import bits64, lane64, uniform
from thermosim.kernels.response import Curves, chance_up

_ONE, _TWO = np.uint64(1), np.uint64(2)
_NONE = np.uint64(0)
NOW, DUE = 0, 1
"""Entries of `clock`: the time reached, and the next candidate where there is one stream of them [s]."""
HEAD, WAITING = 0, 1
"""Entries of `ring`: first flip that has not been delivered, and how many there are."""
STEEPEST = 650.0
"""Log-odds against which a bounded rate stops falling: a waiting time of 1e280 relaxation times is still a number."""


class Net(NamedTuple):
    """A free-running fabric.

    first (node + 1,) int64, felt (entry,) int64, weight (entry,) float64: a flip of j to s adds 2 s weight to the
    goals of felt[first[j]:first[j + 1]]. rate (node,) [1/s]: 1 / tau0, or k0. arrhenius (node,) bool. chance (node,),
    alias (node,) int64: alias table of the rates, `total` their sum. curves: p(a). settling, delay [s].
    """

    first: np.ndarray
    felt: np.ndarray
    weight: np.ndarray
    rate: np.ndarray
    arrhenius: np.ndarray
    chance: np.ndarray
    alias: np.ndarray
    total: float
    curves: Curves
    settling: float
    delay: float


class State(NamedTuple):
    """One replica. spin, goal (node,) float64: outputs, and inputs that the synapses head for.

    value, since (node,): the input at its last change and when that was. bound, when (node,), heap, place (node,)
    int64: candidate rates and times, node at every place of the heap and back; empty for one stream. clock (2,) [s],
    count (1,) uint64, ring (2,) int64.
    """

    spin: np.ndarray
    goal: np.ndarray
    value: np.ndarray
    since: np.ndarray
    bound: np.ndarray
    when: np.ndarray
    heap: np.ndarray
    place: np.ndarray
    clock: np.ndarray
    count: np.ndarray
    ring: np.ndarray


@jit
def alias_table(rate):
    """Walker's table: entry i is kept with chance[i], else stands for alias[i]."""
    n = rate.size
    chance, alias = rate * (n / rate.sum()), np.arange(n)
    small, large = np.empty(n, np.int64), np.empty(n, np.int64)
    smalls = larges = 0
    for i in range(n):
        if chance[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls > 0 and larges > 0:
        smalls -= 1
        i, j = small[smalls], large[larges - 1]
        alias[i] = j
        chance[j] -= 1.0 - chance[i]
        if chance[j] < 1.0:
            larges -= 1
            small[smalls] = j
            smalls += 1
    for k in range(smalls):
        chance[small[k]] = 1.0  # what is left is rounding
    for k in range(larges):
        chance[large[k]] = 1.0
    return chance, alias


@jit
def _level(value, goal, since, settling, now):
    """Input now, exactly."""
    return goal if settling == 0.0 else goal + (value - goal) * exp(-(now - since) / settling)


@jit
def _flip_rate(node, net, spin, level):
    if net.arrhenius[node]:
        return net.rate[node] * exp(-0.5 * spin * level)
    up = chance_up(node, level, net.curves)
    return net.rate[node] * (1.0 - up if spin > 0.0 else up)


@jit
def _up(heap, place, when, at):
    """Move an entry towards the root."""
    node = heap[at]
    while at > 0:
        parent = (at - 1) >> 1
        if when[heap[parent]] <= when[node]:
            break
        heap[at] = heap[parent]
        place[heap[at]] = at
        at = parent
    heap[at] = node
    place[node] = at
    return at


@jit
def _down(heap, place, when, at):
    """Move an entry towards the leaves."""
    node = heap[at]
    while True:
        child = 2 * at + 1
        if child >= heap.size:
            break
        if child + 1 < heap.size and when[heap[child + 1]] < when[heap[child]]:
            child += 1
        if when[heap[child]] >= when[node]:
            break
        heap[at] = heap[child]
        place[heap[at]] = at
        at = child
    heap[at] = node
    place[node] = at


@jit
def _bounded(node, net, spin, level, goal):
    """A bound of the flip rate of a p-bit until its goal changes; the rate itself where nothing relaxes."""
    if not net.arrhenius[node]:
        return net.rate[node]
    here = _flip_rate(node, net, spin, level)
    return here if net.settling == 0.0 else max(here, _flip_rate(node, net, spin, goal))


@jit
def _feel(source, sign, now, net, state):
    """The synapses of `source` begin to see its new value."""
    for entry in range(net.first[source], net.first[source + 1]):
        node = net.felt[entry]
        level = 0.0
        if net.settling > 0.0:
            level = _level(state.value[node], state.goal[node], state.since[node], net.settling, now)
            state.value[node] = level
            state.since[node] = now
        state.goal[node] += 2.0 * sign * net.weight[entry]
        if state.heap.size > 0 and net.arrhenius[node] and net.rate[node] > 0.0:
            if net.settling == 0.0:
                level = state.goal[node]
            bound = _bounded(node, net, state.spin[node], level, state.goal[node])
            state.when[node] = now + (state.when[node] - now) * (state.bound[node] / bound)
            state.bound[node] = bound
            _down(state.heap, state.place, state.when, _up(state.heap, state.place, state.when, state.place[node]))


@jit
def _one_stream(key, net, state):
    """The next candidate of the one stream: the node that it flipped, or -1."""
    now = state.clock[DUE]
    word = bits64(key, state.count[0])
    state.count[0] += _ONE
    share = uniform(lane64(word, _NONE)) * net.chance.size
    node = np.int64(share)
    if share - node >= net.chance[node]:
        node = net.alias[node]
    state.clock[DUE] = now - log(uniform(lane64(word, _TWO))) / net.total
    level = _level(state.value[node], state.goal[node], state.since[node], net.settling, now)
    up = uniform(lane64(word, _ONE)) < chance_up(node, level, net.curves)
    if up == (state.spin[node] > 0.0):
        return -1
    state.spin[node] = -state.spin[node]
    return node


@jit
def _next_reaction(key, net, state):
    """The candidate at the root of the heap: the node that it flipped, or -1 if it was thinned out."""
    node = state.heap[0]
    now = state.when[node]
    word = bits64(key, state.count[0])
    state.count[0] += _ONE
    level = _level(state.value[node], state.goal[node], state.since[node], net.settling, now)
    flips = True
    if net.settling > 0.0 or not net.arrhenius[node]:
        flips = uniform(lane64(word, _ONE)) * state.bound[node] < _flip_rate(node, net, state.spin[node], level)
    if flips:
        state.spin[node] = -state.spin[node]
    state.bound[node] = _bounded(node, net, state.spin[node], level, state.goal[node])
    state.when[node] = now - log(uniform(lane64(word, _TWO))) / state.bound[node]
    _down(state.heap, state.place, state.when, 0)
    return node if flips else -1


@jit
def _grown(times, nodes, ring):
    """A queue of twice the room."""
    room = times.size
    more_times, more_nodes = np.empty(2 * room), np.empty(2 * room, np.int64)
    for k in range(room):
        more_times[k] = times[(ring[HEAD] + k) % room]
        more_nodes[k] = nodes[(ring[HEAD] + k) % room]
    ring[HEAD] = 0
    return more_times, more_nodes


@jit
def begin(key, net, state):
    """First candidates, at time 0 and with settled inputs."""
    if state.heap.size == 0:
        state.clock[DUE] = -log(uniform(lane64(bits64(key, state.count[0]), _TWO))) / net.total
        state.count[0] += _ONE
        return
    for node in range(state.heap.size):
        state.bound[node] = _bounded(node, net, state.spin[node], state.goal[node], state.goal[node])
        word = lane64(bits64(key, state.count[0]), _TWO)
        state.count[0] += _ONE
        state.when[node] = -log(uniform(word)) / state.bound[node] if state.bound[node] > 0.0 else inf
        state.heap[node] = node
        _up(state.heap, state.place, state.when, node)


@jit
def follow(key, until, net, state, times, nodes, draws, lane, width):
    """Run one replica to each time of `until` (draw,) [s] and note its outputs there.

    times, nodes: the queue of flips under way, (room,); draws (draw, node * width) int8 masks, of which `lane` is
    filled. Returns the queue, which may have grown.
    """
    for draw in range(until.size):
        end = until[draw]
        while True:
            due = state.clock[DUE] if state.heap.size == 0 else state.when[state.heap[0]]
            ring = state.ring
            if ring[WAITING] > 0 and times[ring[HEAD]] <= due:
                now = times[ring[HEAD]]
                if now > end:
                    break
                # A flip is noted as node + 1 with its sign.
                mark = nodes[ring[HEAD]]
                ring[HEAD] = (ring[HEAD] + 1) % times.size
                ring[WAITING] -= 1
                _feel(abs(mark) - 1, 1.0 if mark > 0 else -1.0, now, net, state)
                continue
            if due > end:
                break
            node = _one_stream(key, net, state) if state.heap.size == 0 else _next_reaction(key, net, state)
            if node < 0:
                continue
            sign = state.spin[node]
            if net.delay == 0.0:
                _feel(node, sign, due, net, state)
                continue
            if ring[WAITING] == times.size:
                times, nodes = _grown(times, nodes, ring)
            at = (ring[HEAD] + ring[WAITING]) % times.size
            times[at], nodes[at] = due + net.delay, (node + 1) if sign > 0.0 else -(node + 1)
            ring[WAITING] += 1
        state.clock[NOW] = end
        for node in range(state.spin.size):
            draws[draw, node * width + lane] = np.int8(UP) if state.spin[node] > 0.0 else np.int8(DOWN)
    return times, nodes
