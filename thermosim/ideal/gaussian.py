"""Exact draws from Gaussian laws and mixtures, and the exact law of their projections.

A projection a of a mixture sum_k w_k N(mu_k, Sigma) has the distribution function

    F(z) = sum_k w_k Phi((z - a . mu_k) / sqrt(a^T Sigma a)),   Phi the standard normal one

and the responsibility of component k at y is w_k exp(-|y - mu_k|^2 / 2 sigma^2) over the sum of these.
A Gaussian law is the mixture with one component.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermosim.contracts import Floats, Mixture


@dataclass(frozen=True)
class GaussianMixture:
    """`means` (component, node) [V], `covariance` (node, node) [V^2] of every component, `weights` (component,)."""

    means: Floats
    covariance: Floats
    weights: Floats

    def cdf(self, direction: Floats, z: Floats) -> Floats:
        """Distribution function at z [V] of the projection on `direction` (node,)."""
        from scipy.special import ndtr

        spread = float(np.sqrt(direction @ self.covariance @ direction))
        total = np.zeros_like(z)
        for weight, mean in zip(self.weights, self.means, strict=True):
            total += weight * ndtr((z - direction @ mean) / spread)
        return total

    @property
    def mean(self) -> Floats:
        """Mean of the whole law (node,) [V]."""
        return np.asarray(self.weights @ self.means)

    @property
    def total_covariance(self) -> Floats:
        """Covariance of the whole law (node, node) [V^2]."""
        apart = self.means - self.mean
        return np.asarray(self.covariance + apart.T @ (self.weights[:, None] * apart))

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Independent draws (draw, node) [V]."""
        values, vectors = np.linalg.eigh(self.covariance)
        factor = vectors * np.sqrt(np.maximum(values, 0.0))
        noise = rng.standard_normal((draws, self.means.shape[1])) @ factor.T
        return np.asarray(self.means[rng.choice(len(self.weights), size=draws, p=self.weights)] + noise)


def gaussian(mean: Floats, covariance: Floats) -> GaussianMixture:
    """One Gaussian law: `mean` (node,) [V], `covariance` (node, node) [V^2]."""
    return GaussianMixture(np.asarray(mean)[None, :], np.asarray(covariance), np.ones(1))


def of_mixture(target: Mixture) -> GaussianMixture:
    """The law that a target by name speaks of."""
    return GaussianMixture(target.means, target.sigma**2 * np.eye(target.means.shape[1]), target.weights)


def responsibility(target: Mixture, y: Floats) -> Floats:
    """Responsibility of the first component at y (..., node) [V]."""
    logs = np.stack(
        [
            np.log(weight) - ((y - mean) ** 2).sum(axis=-1) / (2.0 * target.sigma**2)
            for weight, mean in zip(target.weights, target.means, strict=True)
        ]
    )
    shares = np.exp(logs - logs.max(axis=0))
    return np.asarray(shares[0] / shares.sum(axis=0))


def principal_directions(target: Mixture) -> Floats:
    """Orthonormal directions (component - 1 at most, node) that the means span about their own mean."""
    apart = target.means - target.weights @ target.means
    _, values, vectors = np.linalg.svd(apart, full_matrices=False)
    return np.asarray(vectors[values > 1e-9 * max(float(values[0]), 1e-300)]) if values[0] > 0 else vectors[:0]
