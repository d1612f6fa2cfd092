"""Numba kernels on plain arrays; nothing of ours is imported here but other kernels."""
