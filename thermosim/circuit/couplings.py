"""Bulk couplings: lattices, edge files and matrices become resistor arrays or synapses.

A coupling joins two net arrays through a two-terminal element, or two p-bit arrays through
synapses; each edge is stated once. A directed one drives its second array and does not feel it; a lattice has
two of these on every edge. Terms of three or four p-bits are :mod:`thermosim.circuit.products`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thermosim.circuit.circuit import At, Instance, Synapses
from thermosim.circuit.data_files import CouplingError, data_file, edges_of_file, finite
from thermosim.circuit.dit_couplings import file_synapses, table_of
from thermosim.circuit.nets import index_of
from thermosim.circuit.products import products, split
from thermosim.contracts import Floats, Ints
from thermosim.errors import suggestion
from thermosim.models import quantise
from thermosim.netlist import Bound, bind
from thermosim.netlist.lattices import MOST_EDGES, lattice_edges
from thermosim.netlist.planted import planted
from thermosim.netlist.problem import Problem
from thermosim.netlist.problem_files import read_problem
from thermosim.netlist.topologies import topology_edges
from thermosim.streams import generator

if TYPE_CHECKING:
    from thermosim.circuit.elaborate import Expansion, Scope


class SkippedError(Exception):
    """The coupling depends on an instance that has already been reported."""


def expand_coupling(work: Expansion, scope: Scope, name: str, coupling: Any, at: At) -> None:
    """Expand one entry of ``couplings:`` into the circuit, or report why not."""
    path = scope.prefix + name
    try:
        bases = coupling.between or (_port(coupling.source, "from", "out"), _port(coupling.to, "to", "in"))
    except CouplingError as error:
        work.add((*at, error.key), str(error))
        return
    if any(scope.prefix + base in work.failed for base in bases):
        return
    bound = bind(coupling.model, (*at, "model"), work.netlist, work.problems, scope.names)
    if bound is None:
        return
    try:
        if bound.model.family == "synapse":
            work.synapses += _synapses(work, scope, path, coupling, at, bound, bases)
        else:
            _elements(work, scope, path, coupling, at, bound)
    except SkippedError:
        return
    except CouplingError as error:
        work.add((*at, error.key) if error.key else at, str(error))
    except ValueError as error:
        work.add(at, str(error))


def _port(text: str, key: str, pin: str) -> str:
    """The array of `s.out` or `s`: a p-bit drives by its output and is driven at its input."""
    base, _, given = text.partition(".")
    if given not in ("", pin):
        raise CouplingError(key, f"'{text}': a coupling goes from outputs to inputs; write {base} or {base}.{pin}")
    return base


def _elements(work: Expansion, scope: Scope, path: str, coupling: Any, at: At, bound: Bound) -> None:
    """Two-terminal elements between two net arrays."""
    from thermosim.circuit.elaborate import add_instance

    pins = [pin.name for pin in bound.model.pins]
    if pins != ["p", "n"]:
        kind = type(bound.model).model_fields["type"].default
        raise CouplingError("model", f"'{kind}' cannot couple: use a resistor, a capacitor or a synapse")
    if coupling.between is None:
        raise CouplingError("from", "a two-terminal element has no direction: use between: [a, b], or a synapse")
    if coupling.terms is not None:
        raise CouplingError("terms", "products are for p-bits: give a synapse as the model")
    if coupling.weight is not None:
        raise CouplingError("weight", "an element between nets has no weight; its parameters say how strong it is")
    if coupling.problem is not None:
        raise CouplingError("problem", "a problem is for p-bits: give a synapse as the model")
    for key in ("table", "tables"):
        if getattr(coupling, key) is not None:
            raise CouplingError(key, "is for p-dits: give a synapse as the model")
    arrays = [_net_array(work, scope, base) for base in coupling.between]
    edges, _, _ = _edges(coupling, arrays[0][1], arrays[1][1], coupling.between, work)
    ends = tuple(tuple(nets[k] for k in edges[:, side]) for side, (nets, _) in enumerate(arrays))
    add_instance(work, path, at, [bound], (len(edges),), {"p": ends[0], "n": ends[1]})


def _net_array(work: Expansion, scope: Scope, base: str) -> tuple[list[str], tuple[int, ...]]:
    """Nets of an array in row-major order, and its shape."""
    full = scope.ports.get(base, scope.prefix + base)
    nets = work.nets.members(full)
    if not nets and work.failed:
        raise SkippedError
    if not nets:
        known = {known.removeprefix(scope.prefix) for known in work.nets.bases() if known.startswith(scope.prefix)}
        raise CouplingError("between", f"no net array '{base}'{suggestion(base, known)}")
    found = [index_of(net)[1] for net in nets]
    shape = tuple(int(top) + 1 for top in np.array(found).max(axis=0)) if found[0] else ()
    if len(nets) != int(np.prod(shape)):
        raise CouplingError("between", f"net array '{base}' has gaps: {len(nets)} nets in shape {list(shape)}")
    return nets, shape


def _synapses(
    work: Expansion, scope: Scope, path: str, coupling: Any, at: At, bound: Bound, bases: tuple[str, ...]
) -> list[Synapses]:
    """Weighted edges between two arrays of p-bits or p-dits, terms of more, or both of a problem."""
    directed, ends = coupling.between is None, []
    for place, base in enumerate(bases):
        instance = work.instances.get(scope.prefix + base)
        if instance is None or instance.bound.model.family not in ("pbit", "pdit"):
            known = [name for name, other in work.instances.items() if other.bound.model.family in ("pbit", "pdit")]
            kinds = {work.instances[name].bound.model.family for name in known}
            of = "p-bits or p-dits" if "pdit" in kinds else "p-bits"
            key = ("from", "to")[place] if directed else "between"
            raise CouplingError(key, f"'{base}' is no array of {of}{suggestion(base, known)}")
        ends.append(instance)
    model: Any = bound.model
    paths = tuple(end.path for end in ends)
    if any(end.bound.model.family == "pdit" for end in ends) and (directed or coupling.terms is not None):
        key = "from" if directed else "terms"
        raise CouplingError(key, "p-dits couple in pairs, and both ends feel each other: use between: [a, b]")
    table = table_of(coupling, bound, ends[0], ends[1])

    def held(edges: Ints, lengths: Floats | None, weights: Floats) -> Synapses:
        programmed = quantise(weights, model.bits, model.j_max)
        return Synapses(path, at, bound, paths, edges, lengths, weights, programmed, programmed, directed, table)

    if coupling.tables is not None:
        file = data_file(work, coupling.tables.file, "tables")
        return [file_synapses(work, path, coupling, at, bound, ends, file)]
    if coupling.terms is not None:
        members, weights = products(coupling, ends, work)
        return [held(members, None, weights)]
    if coupling.problem is not None:
        if coupling.weight is not None:
            raise CouplingError("weight", "the edges already carry weights; leave 'weight' out")
        problem = _problem(coupling, ends, work)
        made = [held(problem.edges, None, problem.weights)] if len(problem.edges) else []
        for members, weights in split(problem.terms):
            # The products of a problem are couplings of their own, so that each has its own draws of mismatch.
            order = members.shape[1]
            made.append(replace(held(members, None, weights), path=f"{path}[{order}]", ends=paths[:1] * order))
        return made
    edges, lengths, given = _edges(coupling, ends[0].shape, ends[1].shape, bases, work)
    if directed and coupling.lattice is not None:
        edges = np.concatenate([edges, edges[:, ::-1]])
        lengths = None if lengths is None else np.concatenate([lengths, lengths])
    weights = given if given is not None else _weights(coupling.weight, len(edges), path, work)
    if given is not None and coupling.weight is not None:
        raise CouplingError("weight", "the edges already carry weights; leave 'weight' out")
    return [held(edges, lengths, weights)]


def _edges(
    coupling: Any, a: tuple[int, ...], b: tuple[int, ...], names: Any, work: Expansion
) -> tuple[Ints, Floats | None, Floats | None]:
    """Edges (edge, 2), their lengths and weights where the source gives them."""
    same, directed = names[0] == names[1], coupling.between is None
    if coupling.lattice is not None:
        if not same:
            raise CouplingError("lattice", f"a lattice joins an array with itself, not '{names[0]}' with '{names[1]}'")
        lattice = coupling.lattice
        if lattice.sizes is not None:
            return _topology(lattice, a), None, None
        try:
            edges, lengths = lattice_edges(lattice.name or lattice.offsets or (), a, lattice.boundary)
        except ValueError as error:
            raise CouplingError("lattice", str(error)) from None
        return np.asarray(edges, dtype=np.int64), np.asarray(lengths, dtype=float), None
    if coupling.matrix is not None:
        edges, weights = _from_matrix(coupling.matrix, int(np.prod(a)), int(np.prod(b)), same, directed, work)
        return edges, None, weights
    edges, listed = edges_of_file(coupling.edges, directed, work)
    _check_edges(edges, int(np.prod(a)), int(np.prod(b)), same, directed)
    return edges, None, listed


def _topology(lattice: Any, shape: tuple[int, ...]) -> Ints:
    """Edges of a graph by name and sizes, whose nodes are the array's elements in their order."""
    try:
        nodes, edges = topology_edges(lattice.name, lattice.sizes)
    except ValueError as error:
        raise CouplingError("lattice", str(error)) from None
    if nodes != int(np.prod(shape)):
        raise CouplingError("lattice", f"'{lattice.name}' of these sizes has {nodes} nodes; say shape: [{nodes}]")
    return edges


def _check_edges(edges: Ints, n: int, m: int, same: bool, directed: bool) -> None:
    if len(edges) == 0:
        raise CouplingError("", "no edges: leave the coupling out")
    for k, (i, j) in enumerate(edges):
        if not (0 <= i < n and 0 <= j < m):
            raise CouplingError("", f"edge {k} = ({i}, {j}) is outside the arrays of {n} and {m} elements")
        if same and i == j:
            raise CouplingError("", f"edge {k} couples element {i} to itself")
    ordered = np.sort(edges, axis=1) if same and not directed else edges
    unique, counts = np.unique(ordered, axis=0, return_counts=True)
    if len(unique) < len(edges):
        i, j = unique[np.argmax(counts > 1)]
        raise CouplingError("", f"edge ({i}, {j}) is stated twice; each edge is stated once")


def _from_matrix(matrix: Any, n: int, m: int, same: bool, directed: bool, work: Expansion) -> tuple[Ints, Floats]:
    """A symmetric matrix J with zero diagonal (each edge is J_ij, once), or a block between two arrays.

    Of a directed coupling, row i says what element i of the first array drives.
    """
    if n * m > MOST_EDGES:
        raise CouplingError(
            "matrix", f"a matrix of {n} x {m} is more than memory holds; list the edges of a sparse graph"
        )
    if isinstance(matrix, str):
        file = data_file(work, matrix, "matrix")
        array = np.load(file, allow_pickle=False) if file.suffix == ".npy" else np.loadtxt(file, delimiter=",", ndmin=2)
    else:
        array = np.array(matrix, dtype=float, ndmin=2)
    array = finite(array, "matrix")
    if array.shape != (n, m):
        raise CouplingError("matrix", f"has shape {list(array.shape)}; the arrays need [{n}, {m}]")
    if same:
        if not directed and not np.array_equal(array, array.T):
            i, j = np.argwhere(array != array.T)[0]
            told = f"is not symmetric: [{i}, {j}] is {array[i, j]:g}, [{j}, {i}] is {array[j, i]:g}"
            raise CouplingError("matrix", f"{told}; for directed couplings say 'from' and 'to'")
        if np.any(np.diag(array)):
            raise CouplingError("matrix", f"couples element {int(np.argmax(np.diag(array) != 0))} to itself")
        array = array if directed else np.triu(array)
    i, j = np.nonzero(array)
    if len(i) == 0:
        raise CouplingError("matrix", "is zero everywhere: leave the coupling out")
    return np.stack([i, j], axis=1).astype(np.int64), array[i, j]


def _problem(coupling: Any, ends: list[Instance], work: Expansion) -> Problem:
    """A whole problem; its biases join those of the p-bits."""
    source, array = coupling.problem, ends[0]
    if ends[1] is not array:
        raise CouplingError("problem", f"a problem is of one array: between: [{array.path}, {array.path}]")
    try:
        if source.planted is not None:
            problem = planted(source.planted, source.size, source.seed, source.ratio).scaled(source.scale)
        else:
            file = data_file(work, source.file, "problem")
            problem = read_problem(file, source.format, source.first, source.unused, source.scale)
    except ValueError as error:
        raise CouplingError("problem", str(error)) from None
    if problem.spins != array.size:
        message = f"the problem has {problem.spins} spins and '{array.path}' {array.size} p-bits"
        raise CouplingError("problem", f"{message}; say shape: [{problem.spins}]")
    if not len(problem.edges) and not len(problem.terms):
        raise CouplingError("problem", "the problem has no edges: p-bits with a bias of their own say it better")
    drawn, actual = ({**values, "bias": values["bias"] + problem.biases} for values in (array.drawn, array.actual))
    work.instances[array.path] = replace(array, drawn=drawn, actual=actual)
    return problem


def _weights(weight: Any, count: int, path: str, work: Expansion) -> Floats:
    """Weights (edge,) from a number, a list, a file or a seeded distribution."""
    if weight is None:
        raise CouplingError(
            "", "missing 'weight': a number, {normal: {mean, sigma}, seed}, {choice: [..], seed}, a list or a file"
        )
    if isinstance(weight, int | float):
        return np.full(count, float(weight))
    if isinstance(weight, list | tuple):
        array = np.array(weight, dtype=float)
    elif isinstance(weight, str):
        file = data_file(work, weight, "weight")
        array = np.load(file, allow_pickle=False) if file.suffix == ".npy" else np.loadtxt(file, delimiter=",").ravel()
    else:
        rng = generator(weight.seed, "weight", path)
        if weight.normal is not None:
            return rng.normal(weight.normal.mean, weight.normal.sigma, count)
        return rng.choice(np.array(weight.choice, dtype=float), count)
    if array.shape != (count,):
        raise CouplingError("weight", f"has shape {list(array.shape)}; the coupling has {count} edges")
    return finite(array, "weight")
