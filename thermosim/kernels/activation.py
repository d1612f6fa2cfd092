"""Activations of a perceptron and their slopes, in single precision on tiles of replicas.

    tanh x = sgn(x) (1 - t) / (1 + t), t = exp(-2 |x|);   silu x = x / (1 + exp(-x));
    softplus x = max(x, 0) + ln(1 + exp(-|x|))

All are made from one exponential, exp(x) = 2^k 2^f with a polynomial for |f| <= 1/2, so that they vectorise.
Absolute errors stay near 1e-7, for silu and softplus relative to 1 + |x|.
"""

import numpy as np

from thermosim.kernels.jit import jit, jit_noalias
from thermosim.kernels.tiles import WIDTH

KINDS = ("tanh", "relu", "silu", "softplus")
_TANH, _RELU, _SILU = 0, 1, 2

_ZERO, _HALF, _ONE, _TWO = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0)
_LOWEST = np.float32(-87.0)  # exp of it is the smallest normal number
_LOG2_E = np.float32(np.log2(np.e))
_BIAS, _MANTISSA_BITS = np.int32(127), np.int32(23)
# 2^f for |f| <= 1/2, Chebyshev interpolation, error 3e-9
_E1, _E2, _E3 = np.float32(0.6931471824645996), np.float32(0.24022650718688965), np.float32(0.05550327152013779)
_E4, _E5, _E6 = np.float32(0.009618056938052177), np.float32(0.0013400427997112274), np.float32(0.00015461444854736328)
# ln(1 + t) / t for 0 <= t <= 1, Chebyshev interpolation, error 5e-9
_L1, _L2, _L3 = np.float32(-0.49999892711639404), np.float32(0.33329710364341736), np.float32(-0.24951615929603577)
_L4, _L5, _L6 = np.float32(0.1966327428817749), np.float32(-0.1526966691017151), np.float32(0.10543623566627502)
_L7, _L8, _L9 = np.float32(-0.05637361481785774), np.float32(0.019542528316378593), np.float32(-0.0031760570127516985)


@jit
def exp_negative(x):
    """exp(x) for x <= 0 in single precision; below -87 it stays at exp(-87)."""
    x = x if x > _LOWEST else _LOWEST
    y = x * _LOG2_E
    k = np.int32(y - _HALF)
    f = y - np.float32(k)
    power = np.int32(np.int32(k + _BIAS) << _MANTISSA_BITS).view(np.float32)
    return power * (_ONE + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * (_E5 + f * _E6))))))


@jit
def _log_one_plus(t):
    """ln(1 + t) for 0 <= t <= 1 in single precision."""
    high = _L5 + t * (_L6 + t * (_L7 + t * (_L8 + t * _L9)))
    return t * (_ONE + t * (_L1 + t * (_L2 + t * (_L3 + t * (_L4 + t * high)))))


@jit_noalias
def _tanh(values):
    for k in range(WIDTH):
        x = values[k]
        t = exp_negative(-_TWO * np.abs(x))
        h = (_ONE - t) / (_ONE + t)
        values[k] = -h if x < _ZERO else h


@jit_noalias
def _tanh_slope(values, slopes):
    for k in range(WIDTH):
        slopes[k] = _ONE - values[k] * values[k]


@jit_noalias
def _relu(values, slopes):
    for k in range(WIDTH):
        x = values[k]
        slopes[k] = _ONE if x > _ZERO else _ZERO
        values[k] = x if x > _ZERO else _ZERO


@jit_noalias
def _silu(values, slopes):
    for k in range(WIDTH):
        x = values[k]
        t = exp_negative(-np.abs(x))
        small = t / (_ONE + t)
        logistic = small if x < _ZERO else _ONE - small
        slopes[k] = logistic + x * logistic * (_ONE - logistic)
        values[k] = x * logistic


@jit_noalias
def _softplus(values, slopes):
    for k in range(WIDTH):
        x = values[k]
        t = exp_negative(-np.abs(x))
        small = t / (_ONE + t)
        slopes[k] = small if x < _ZERO else _ONE - small
        values[k] = (x if x > _ZERO else _ZERO) + _log_one_plus(t)


@jit
def activate(kind, values, slopes):
    """Replace values (n, WIDTH) float32 by f(values) and slopes by f'(values); `kind` indexes :data:`KINDS`."""
    for i in range(values.shape[0]):
        if kind == _TANH:
            _tanh(values[i])
            _tanh_slope(values[i], slopes[i])
        elif kind == _RELU:
            _relu(values[i], slopes[i])
        elif kind == _SILU:
            _silu(values[i], slopes[i])
        else:
            _softplus(values[i], slopes[i])
