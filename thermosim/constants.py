"""Physical constants (CODATA through SciPy), in SI units."""

from scipy.constants import elementary_charge, hbar, k, mu_0, physical_constants

BOLTZMANN: float = k  # [J/K]
CHARGE: float = elementary_charge  # [C]
HBAR: float = hbar  # [J s]
MU_0: float = mu_0  # [V s/(A m)]
GYROMAGNETIC: float = physical_constants["electron gyromag. ratio"][0]  # [rad/(s T)]
