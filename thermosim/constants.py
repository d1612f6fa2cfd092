"""Physical constants (CODATA through SciPy), in SI units."""

from scipy.constants import elementary_charge, k

BOLTZMANN: float = k  # [J/K]
CHARGE: float = elementary_charge  # [C]
