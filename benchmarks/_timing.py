"""The one clock of the benchmarks: the shortest of some runs, after one that compiles."""

import time
from collections.abc import Callable, Sequence


def best(work: Callable[[], object], repeats: int = 3) -> float:
    """Shortest wall time [s] of `repeats` runs after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def best_in_turn(works: Sequence[Callable[[], object]], seconds: float = 4.0) -> list[float]:
    """Shortest wall time [s] of each of `works`, run in turn until `seconds` have gone, after one run to warm up."""
    for work in works:
        work()
    times, end = [float("inf")] * len(works), time.perf_counter() + seconds
    while time.perf_counter() < end:
        for index, work in enumerate(works):
            start = time.perf_counter()
            work()
            times[index] = min(times[index], time.perf_counter() - start)
    return times
