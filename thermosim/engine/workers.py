"""Work on groups of replicas, in threads where there are several: no result depends on how many."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def each(threads: int, work: Callable[[int], None], count: int) -> None:
    """Do work(0) .. work(count - 1)."""
    if threads == 1:
        for number in range(count):
            work(number)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(count)))
