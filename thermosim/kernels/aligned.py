"""Work space that starts on a cache line: wide loads that cross two lines take twice as long."""

import numpy as np

from thermosim.kernels.jit import jit

_LINE = 64  # bytes


@jit
def aligned(rows, columns):
    """Uninitialised float64 array (rows, columns) whose first element starts a cache line."""
    size = rows * columns
    buffer = np.empty(size + _LINE // 8)
    first = (_LINE - buffer.ctypes.data % _LINE) % _LINE // 8
    return buffer[first : first + size].reshape((rows, columns))
