"""P-bits with an inner state, in steps D of time, and the couplings between them.

    a_i <- a_i + (1 - e^(-D/tau_S)) (g_i - a_i),   g_i = unit_i sum_j w_ij s_j + b_i,   w_ij integers       (inputs)
    inner state and output o_i <- the device's own step under a_i, all cells at once                        (devices)
    s <- o after every step (wired), or s_i <- o_i at the end of a slot of the colour of i (latched)         (outputs)

Couplings see the s of the step before, as wires do; tau_S = 0 follows at once. A device is one function `move` in a
file of its own and one branch of :func:`_move`; it gets a row of `table` for each cell, its rows of `inner`, the inputs
`level`, and the words of the step, named by (key, step). Lanes are replicas and never meet.
"""

from typing import NamedTuple

import numpy as np

from thermosim.kernels.faria import move_1, move_2
from thermosim.kernels.gibbs import DOWN, LANES, UP
from thermosim.kernels.jit import jit
from thermosim.kernels.macrospin import move as move_magnet
from thermosim.kernels.normal import fill, workspace
from thermosim.kernels.random import bits64
from thermosim.kernels.tiles import WIDTH

DESIGN_1, DESIGN_2, MACROSPIN = 1, 2, 3


class Net(NamedTuple):
    """Couplings: a turn of j to s adds 2 s weight to the sums of felt[first[j]:first[j + 1]].

    first (node + 1,), felt, weight (entry,) int64; unit, bias (node,) float64; follow: 1 - e^(-D/tau_S). colour (node,)
    int64 and `colours`, 0 where outputs are wired through.
    """

    first: np.ndarray
    felt: np.ndarray
    weight: np.ndarray
    unit: np.ndarray
    bias: np.ndarray
    follow: float
    colour: np.ndarray
    colours: int


class State(NamedTuple):
    """A tile: inner (row, WIDTH), level (node, WIDTH) float64; total (node, WIDTH) int64 sums of what is seen; out and
    seen (node, WIDTH) int8 +-1, the outputs and what the couplings see of them."""

    inner: np.ndarray
    level: np.ndarray
    total: np.ndarray
    out: np.ndarray
    seen: np.ndarray


@jit
def _move(kind, table, state, bits, width, drawn, high, low, even, odd):
    if kind == DESIGN_1:
        move_1(table, state.inner, state.level, bits, width, state.out)
    elif kind == DESIGN_2:
        move_2(table, state.inner, state.level, bits, width, state.out)
    elif kind == MACROSPIN:
        fill(bits, drawn, high, low, even, odd)
        move_magnet(table, state.inner, drawn, state.level)
        for node in range(table.shape[0]):
            for k in range(width):
                state.out[node, k] = 1 if state.inner[3 * node + 2, k] > table[node, -1] else -1


@jit
def show(node, net, state, width):
    """The couplings begin to see the output of a cell."""
    for k in range(width):
        sign = state.out[node, k]
        if sign != state.seen[node, k]:
            state.seen[node, k] = sign
            for entry in range(net.first[node], net.first[node + 1]):
                state.total[net.felt[entry], k] += 2 * np.int64(sign) * net.weight[entry]


@jit
def follow(kind, table, keys, slot, every, steps, net, state, draws):
    """Run the tile of `keys` from slot `slot` on, `steps` to a slot, and note what is seen after every `every` slots.

    draws (half, draw, node * LANES) int8: as many as are wanted, LANES replicas to a half.
    """
    width, nodes = keys.size, net.unit.size
    bits = np.zeros(WIDTH, np.uint64)
    drawn = np.empty((3 * nodes if kind == MACROSPIN else 0, WIDTH))
    high, low, even, odd = workspace()
    for draw in range(draws.shape[1]):
        for now in range(slot + draw * every, slot + (draw + 1) * every):
            for step in range(now * steps, (now + 1) * steps):
                for k in range(width):
                    bits[k] = bits64(keys[k], np.uint64(step))
                for node in range(nodes):
                    unit, bias = net.unit[node], net.bias[node]
                    for k in range(width):
                        goal = unit * state.total[node, k] + bias
                        state.level[node, k] += net.follow * (goal - state.level[node, k])
                _move(kind, table, state, bits, width, drawn, high, low, even, odd)
                if net.colours == 0:
                    for node in range(nodes):
                        show(node, net, state, width)
            if net.colours > 0:
                for node in range(nodes):
                    if net.colour[node] == now % net.colours:
                        show(node, net, state, width)
        for node in range(nodes):
            for k in range(width):
                mark = UP if state.seen[node, k] > 0 else DOWN
                draws[k // LANES, draw, node * LANES + k % LANES] = np.int8(mark)
