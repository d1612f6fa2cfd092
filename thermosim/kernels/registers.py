"""Sums of products whose running totals stay in vector registers.

    total[r, k] += sum_j matrix[r, j] terms[j, k],   j first to last, one product after the other, never fused

The same loops in plain Python load and store a total for every few products: compilers do not keep a block of totals in
registers through a loop over j. So this one inner loop is written in the compiler's own language: vectors of 64
bytes, multiplied and added in separate IEEE operations. A processor with shorter vectors takes each in pieces; the
bits are the same.
"""

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

_BYTES = 64  # of a vector
_INDEX = ir.IntType(64)


def block_sum(rows: int, columns: int, width: int) -> Any:
    """A function that adds to a block of `rows` rows of `columns` numbers; rows of total and terms have `width`.

    Its arguments: total and the place of the block in it; matrix, the place of the block's first row in it and the
    distance of its rows; terms and the place of the block's first column in it; the number of products. Places count
    numbers from the start of the array.
    """
    return (_interpreted if config.DISABLE_JIT else _compiled)(rows, columns, width)


def _interpreted(rows: int, columns: int, width: int) -> Any:
    def add(total, place, matrix, row, stride, terms, column, products):
        for r in range(rows):
            sums = total.reshape(-1)[place + r * width :][:columns]
            for j in range(products):
                sums += matrix.reshape(-1)[row + r * stride + j] * terms.reshape(-1)[column + j * width :][:columns]

    return add


def _compiled(rows: int, columns: int, width: int) -> Any:
    @intrinsic
    def add(typing, total, place, matrix, row, stride, terms, column, products):
        kinds = {getattr(array, "dtype", None) for array in (total, matrix, terms)}
        layouts = {getattr(array, "layout", None) for array in (total, matrix, terms)}
        if layouts != {"C"} or kinds not in ({types.float64}, {types.float32}):
            raise TypingError(f"C-contiguous arrays of one kind of floats are needed, got {total}, {matrix}, {terms}")
        index = types.int64
        signature = types.void(total, index, matrix, index, index, terms, index, index)

        def generate(context, builder, signature, arguments):
            def start(which: int, offset: Any) -> Any:
                array = context.make_array(signature.args[which])(context, builder, arguments[which])
                return builder.gep(array.data, [offset])

            _, place, _, row, stride, _, column, products = arguments
            lanes = _BYTES * 8 // total.dtype.bitwidth
            vector = ir.VectorType(context.get_value_type(total.dtype), lanes)
            block = [(r, v) for r in range(rows) for v in range(columns // lanes)]
            _emit(builder, vector, block, width, start(0, place), start(2, row), stride, start(5, column), products)
            return context.get_dummy_value()

        return signature, generate

    return add


def _emit(builder, vector, block, width, total, matrix, stride, terms, products) -> None:
    """The instructions: totals into registers, a loop over products, totals back."""
    lanes, align = vector.count, _BYTES // vector.count

    def constant(value: int) -> Any:
        return ir.Constant(_INDEX, value)

    def vector_at(pointer: Any, offset: int) -> Any:
        return builder.bitcast(builder.gep(pointer, [constant(offset)]), vector.as_pointer())

    offset = {(r, v): r * width + v * lanes for r, v in block}
    before = {at: builder.load(vector_at(total, offset[at]), align=align) for at in block}
    entry = builder.block
    head, body, end = (builder.append_basic_block(name) for name in ("products", "product", "stored"))
    builder.branch(head)

    builder.position_at_end(head)
    j = builder.phi(_INDEX)
    j.add_incoming(constant(0), entry)
    sums = {at: builder.phi(vector) for at in block}
    for at in block:
        sums[at].add_incoming(before[at], entry)
    builder.cbranch(builder.icmp_signed("<", j, products), body, end)

    builder.position_at_end(body)
    line = builder.gep(terms, [builder.mul(j, constant(width))])
    empty, everywhere = (
        ir.Constant(vector, ir.Undefined),
        ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes),
    )
    term = {v: builder.load(vector_at(line, v * lanes), align=align) for r, v in block if r == 0}
    factor = {}
    for r in dict.fromkeys(r for r, _ in block):
        number = builder.load(builder.gep(matrix, [builder.add(j, builder.mul(stride, constant(r)))]))
        first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        factor[r] = builder.shuffle_vector(first, empty, everywhere)
    for r, v in block:
        sums[r, v].add_incoming(builder.fadd(sums[r, v], builder.fmul(factor[r], term[v])), body)
    j.add_incoming(builder.add(j, constant(1)), body)
    builder.branch(head)

    builder.position_at_end(end)
    for at in block:
        builder.store(sums[at], vector_at(total, offset[at]), align=align)
