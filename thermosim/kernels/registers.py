"""Sums of products whose running totals stay in vector registers.

    total[r, k] = start[r, k] + sum_j a[r, j] x[j, k] + sum_j b[r, j] y[j, k],   j first to last, never fused

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
    """A function for one product and a block of `rows` rows of `columns` numbers; rows of total and terms have `width`.

    Its arguments: total, start and the place of the block in both, which may be one array; then matrix, the place of
    the block's first row in it and the distance of its rows; terms and the place of the block's first column
    in it; the number of products. Places count numbers from the start of an array.
    """
    return (_interpreted if config.DISABLE_JIT else _compiled)(rows, columns, width)


def block_sum_of_two(rows: int, columns: int, width: int) -> Any:
    """The same for two products, the second added to the sum of the first; `place` of the block is that of total."""
    return (_interpreted_two if config.DISABLE_JIT else _compiled_two)(rows, columns, width)


def _interpreted(rows: int, columns: int, width: int) -> Any:
    def add(total, start, place, matrix, row, stride, terms, column, products):
        for r in range(rows):
            block = slice(place + r * width, place + r * width + columns)
            sums = start.reshape(-1)[block].copy()
            for j in range(products):
                sums += matrix.reshape(-1)[row + r * stride + j] * terms.reshape(-1)[column + j * width :][:columns]
            total.reshape(-1)[block] = sums

    return add


def _interpreted_two(rows: int, columns: int, width: int) -> Any:
    add = _interpreted(rows, columns, width)

    def add_two(total, start, place, a, row, stride, x, column, count, b, row2, stride2, y, column2, count2):
        add(total, start, place, a, row, stride, x, column, count)
        add(total, total, place, b, row2, stride2, y, column2, count2)

    return add_two


def _compiled(rows: int, columns: int, width: int) -> Any:
    @intrinsic
    def add(typing, total, start, place, matrix, row, stride, terms, column, products):
        return _signature((total, start), ((matrix, terms),)), _generator(rows, columns, width)

    return add


def _compiled_two(rows: int, columns: int, width: int) -> Any:
    @intrinsic
    def add(typing, total, start, place, a, row, stride, x, column, count, b, row2, stride2, y, column2, count2):
        return _signature((total, start), ((a, x), (b, y))), _generator(rows, columns, width)

    return add


def _signature(totals: Any, factors: Any) -> Any:
    arrays = [*totals, *(array for pair in factors for array in pair)]
    kinds = {getattr(array, "dtype", None) for array in arrays}
    layouts = {getattr(array, "layout", None) for array in arrays}
    if layouts != {"C"} or kinds not in ({types.float64}, {types.float32}):
        raise TypingError(f"C-contiguous arrays of one kind of floats are needed, got {', '.join(map(str, arrays))}")
    index = types.int64
    products = [kind for matrix, terms in factors for kind in (matrix, index, index, terms, index, index)]
    return types.void(*totals, index, *products)


def _generator(rows: int, columns: int, width: int) -> Any:
    def generate(context, builder, signature, arguments):
        def at(which: int, offset: Any) -> Any:
            array = context.make_array(signature.args[which])(context, builder, arguments[which])
            return builder.gep(array.data, [offset])

        kind = signature.args[0].dtype
        lanes = _BYTES * 8 // kind.bitwidth
        vector = ir.VectorType(context.get_value_type(kind), lanes)
        blocks = {(r, v): r * width + v * lanes for r in range(rows) for v in range(columns // lanes)}
        place = arguments[2]
        sums = _read(builder, vector, at(1, place), blocks)
        for k in range(3, len(arguments), 6):
            _, row, stride, _, column, products = arguments[k : k + 6]
            sums = _emit(builder, vector, sums, width, at(k, row), stride, at(k + 3, column), products)
        for which, offset in blocks.items():
            builder.store(sums[which], _vector_at(builder, vector, at(0, place), offset), align=_BYTES // lanes)
        return context.get_dummy_value()

    return generate


def _constant(value: int) -> Any:
    return ir.Constant(_INDEX, value)


def _vector_at(builder, vector, pointer, offset: int) -> Any:
    return builder.bitcast(builder.gep(pointer, [_constant(offset)]), vector.as_pointer())


def _read(builder, vector, pointer, blocks) -> Any:
    """The numbers of every (row, vector) of a block, in registers."""
    align = _BYTES // vector.count
    return {
        which: builder.load(_vector_at(builder, vector, pointer, offset), align=align)
        for which, offset in blocks.items()
    }


def _emit(builder, vector, before, width, matrix, stride, terms, products) -> Any:
    """The instructions of one product: a loop that takes totals in registers from `before` to what is returned."""
    lanes, align = vector.count, _BYTES // vector.count
    entry = builder.block
    head, body, end = (builder.append_basic_block(name) for name in ("products", "product", "summed"))
    builder.branch(head)

    builder.position_at_end(head)
    j = builder.phi(_INDEX)
    j.add_incoming(_constant(0), entry)
    sums = {which: builder.phi(vector) for which in before}
    for which in before:
        sums[which].add_incoming(before[which], entry)
    builder.cbranch(builder.icmp_signed("<", j, products), body, end)

    builder.position_at_end(body)
    line = builder.gep(terms, [builder.mul(j, _constant(width))])
    empty, everywhere = (
        ir.Constant(vector, ir.Undefined),
        ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes),
    )
    term = {v: builder.load(_vector_at(builder, vector, line, v * lanes), align=align) for r, v in before if r == 0}
    factor = {}
    for r in dict.fromkeys(r for r, _ in before):
        number = builder.load(builder.gep(matrix, [builder.add(j, builder.mul(stride, _constant(r)))]))
        first = builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        factor[r] = builder.shuffle_vector(first, empty, everywhere)
    for r, v in before:
        sums[r, v].add_incoming(builder.fadd(sums[r, v], builder.fmul(factor[r], term[v])), body)
    j.add_incoming(builder.add(j, _constant(1)), body)
    builder.branch(head)

    builder.position_at_end(end)
    return sums
