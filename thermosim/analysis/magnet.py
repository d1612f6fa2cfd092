"""A single-domain magnet in SI: its energy, its thermal field, and the largest step of time that it can be followed in.

    E = -mu0 M_s V (H_K m_z^2 / 2 - M_s m.N m / 2 + H_ext.m),   Delta = mu0 H_eff M_s V / (2 kT)
    sigma_H = sqrt(2 a kT / (g0 mu0 M_s V step)) [A/m],   lambda = 2 a g0 kT / (mu0 M_s V (1 + a^2)) [1/s]
    b = hbar I_s / (2 q mu0 M_s V),   x = b mu0 M_s V / (a kT) = hbar I_s / (2 q a kT)

lambda is the rate at which a free magnet forgets its direction; a current I_s along the axis of a symmetric magnet acts
as an energy -kT x m_z. z is the axis that is read and easy, +z the state of output +1.
Brown, Phys. Rev. 130, 1677 (1963); Slonczewski, J. Magn. Magn. Mater. 159, L1 (1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from thermosim.constants import BOLTZMANN, CHARGE, GYROMAGNETIC, HBAR, MU_0
from thermosim.contracts import Floats

GAMMA0 = MU_0 * GYROMAGNETIC
"""Gyromagnetic ratio for fields in A/m [m/(A s)]."""
TURN, DAMPED, DIFFUSED = 0.3, 0.1, 0.005
"""Largest angle of a step by precession and by damping, and largest share of the time in which the direction is lost:
Heun with normals quickens that loss by 1.5 step lambda (the fourth power of the angle), here by 0.75 %."""


@dataclass(frozen=True)
class Magnet:
    """Numbers, or arrays (element,) of them.

    `saturation` M_s [A/m], `volume` [m^3], `damping`, `temperature` [K], `anisotropy` H_K [A/m] along z, `shape`
    demagnetising factors along x, y, z; `field` H_ext [A/m]; `polariser`; `current` I_s [A].
    """

    saturation: Any
    volume: Any
    damping: Any
    temperature: float = 300.0
    anisotropy: Any = 0.0
    shape: tuple[Any, Any, Any] = (0.0, 0.0, 0.0)
    field: tuple[Any, Any, Any] = (0.0, 0.0, 0.0)
    polariser: tuple[float, float, float] = (0.0, 0.0, 1.0)
    current: Any = 0.0

    @property
    def moment(self) -> Any:
        """mu0 M_s V [J m/A]: energy in a field of 1 A/m."""
        return MU_0 * self.saturation * self.volume

    @property
    def barrier(self) -> Any:
        """Delta = E_b / kT between z and y, negative where z is hard."""
        effective = self.anisotropy - self.saturation * (self.shape[2] - self.shape[1])
        return 0.5 * self.moment * effective / (BOLTZMANN * self.temperature)

    @property
    def plane(self) -> Any:
        """K: the energy of m along x less that along y [kT], in a thin film that is read in its plane."""
        return 0.5 * self.moment * self.saturation * (self.shape[0] - self.shape[1]) / (BOLTZMANN * self.temperature)

    @property
    def axial(self) -> bool:
        """Whether z is an axis of symmetry of its energy."""
        return bool(np.all(self.shape[0] == self.shape[1]) and not np.any(self.field[0]) and not np.any(self.field[1]))

    @property
    def forgetting(self) -> Any:
        """lambda [1/s], the rate of <m> for a free magnet."""
        a = self.damping
        return 2 * a * GAMMA0 * BOLTZMANN * self.temperature / (self.moment * (1 + a**2))

    def torque(self, current: Any) -> Any:
        """b [A/m] of a spin current [A]."""
        return HBAR * current / (2 * CHARGE * self.moment)

    @property
    def current_unit(self) -> Any:
        """Spin current [A] of x = 1."""
        return 2 * CHARGE * self.damping * BOLTZMANN * self.temperature / HBAR

    @property
    def field_unit(self) -> Any:
        """Field along z [A/m] whose energy is kT m_z."""
        return BOLTZMANN * self.temperature / self.moment

    def limits(self, more_field: Any = 0.0, more_current: Any = 0.0) -> dict[str, float]:
        """Largest step [s] by criterion, where inputs add up to `more_field` [A/m] and `more_current` [A]."""
        spread = np.max(self.shape, axis=0) - np.min(self.shape, axis=0)
        field = np.abs(self.anisotropy) + self.saturation * spread + np.linalg.norm(np.array(self.field), axis=0)
        field = field + more_field + self.torque(np.abs(self.current) + more_current)
        with np.errstate(divide="ignore"):
            return {
                f"step x g0 H <= {TURN:g} (precession)": float(np.min(TURN / (GAMMA0 * field))),
                f"step x damping x g0 H <= {DAMPED:g} (damping)": float(
                    np.min(DAMPED / (self.damping * GAMMA0 * field))
                ),
                f"step x lambda <= {DIFFUSED:g} (diffusion)": float(np.min(np.divide(DIFFUSED, self.forgetting))),
            }

    def largest_step(self, more_field: Any = 0.0, more_current: Any = 0.0) -> float:
        """The least of :meth:`limits` [s]."""
        return min(self.limits(more_field, more_current).values())

    def check_step(self, step: float, more_field: Any = 0.0, more_current: Any = 0.0) -> None:
        """Refuse a step that is too long.

        Raises
        ------
        ValueError
            Naming every criterion that `step` [s] breaks.
        """
        broken = {
            what: most for what, most in self.limits(more_field, more_current).items() if step > most * (1 + 1e-9)
        }
        if broken:
            told = "; ".join(f"{what} allows {most:.3g} s" for what, most in broken.items())
            raise ValueError(f"a step of {step:.3g} s is too long for this magnet: {told}")

    def numbers(self, step: float) -> dict[str, Floats]:
        """What a kernel needs for steps of `step` [s], by the names of its columns, each (element,) or a number.

        Raises
        ------
        ValueError
            If the step is too long.
        """
        self.check_step(step)
        a, kt = self.damping, BOLTZMANN * self.temperature
        found: dict[str, Any] = {"turn": GAMMA0 * step / (1 + a**2), "damping": a, "anisotropy": self.anisotropy}
        for k, axis in enumerate("xyz"):
            found[f"shape_{axis}"] = self.saturation * self.shape[k]
            found[f"field_{axis}"] = self.field[k]
            found[f"polariser_{axis}"] = self.polariser[k]
        found["torque"] = self.torque(self.current)
        found["noise"] = np.sqrt(2 * a * kt / (GAMMA0 * self.moment * step))
        return {name: np.asarray(value, dtype=float) for name, value in found.items()}


def vcma(anisotropy: Any, coefficient: Any, volts: Any, saturation: Any, thickness: Any, oxide: Any) -> Any:
    """H_K [A/m] under a voltage: H_K - 2 xi V / (mu0 M_s t_F t_ox), xi [J/(V m)], thicknesses [m]."""
    return anisotropy - 2 * coefficient * volts / (MU_0 * saturation * thickness * oxide)
