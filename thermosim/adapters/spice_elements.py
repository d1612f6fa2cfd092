"""The lines of a deck, element by element.

A resistor keeps its own temperature by `dtemp=`, its distance from the deck's 300 K (in ngspice 39 `temp=` leaves the
noise as it was), or is silent, `noisy=0`. Noise of one-sided density S_I is the Johnson noise of an isolated resistor
R, 4 k T R [V^2/Hz], behind a transconductance g_m = sqrt(S_I / (4 k T R)).

An amplifier is a node w of its own: gain (v_in + e) / r flows into a silent r beside the capacitance 1 / (2 pi f r),
and w / r_out into its output beside a silent r_out. SPICE counts the current of a source as what runs through it, from
its first net to its second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from thermosim.adapters.spice_noise import AMBIENT, ISOLATED, gain, number, remembering
from thermosim.circuit.circuit import Circuit, Instance
from thermosim.circuit.noise_states import COLOURED
from thermosim.circuit.stamps import LINEAR, mutuals, stamp
from thermosim.circuit.warmth import temperature

LETTERS = {
    "resistor": "r", "capacitor": "c", "white_noise": "g", "current_source": "i", "voltage_source": "v",
    "inductor": "l", "transconductance": "g", "amplifier": "g", "shot_noise": "g", "flicker_noise": "g",
    "band_noise": "g", "vcvs": "e",
}  # fmt: skip
_VALUES = {"capacitor": "c", "voltage_source": "v", "inductor": "l"}


class Names:
    """Hands out names that are not taken; ngspice knows neither case nor brackets."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)

    def take(self, base: str) -> str:
        """`base`, or with a number behind it."""
        name, suffix = base, 1
        while name in self._taken:
            suffix += 1
            name = f"{base}_{suffix}"
        self._taken.add(name)
        return name


def plain(name: str) -> str:
    """A name that ngspice can read."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "x"


class Writer:
    """Writes elements; noise as `.noise` sees it, or as sources of the transient if there is an `interval` [s]."""

    def __init__(
        self, circuit: Circuit, names: Mapping[str, str], elements: Names, nets: Names, interval: float | None
    ) -> None:
        self._circuit, self._names, self._elements, self._nets = circuit, names, elements, nets
        self._interval = interval
        self._inductors: dict[str, str] = {}

    def element(self, item: Instance, k: int) -> Iterator[str]:
        """Lines of element k of an instance."""
        at = {pin: self._names.get(nets[k], "0") for pin, nets in item.pins.items()}
        letter, path = LETTERS[item.type], plain(item.element(k))
        name = path if path.startswith(letter) else f"{letter}_{path}"
        if item.type in COLOURED:
            yield from remembering(item, k, (at["p"], at["n"]), name, self._elements, self._nets)
            return
        name = self._elements.take(name)
        if item.type == "amplifier":
            yield from self._amplifier(item, k, at, name)
            return
        p, n = at["p"], at["n"]
        ambient = self._circuit.netlist.temperature
        noise, current = stamp(item, "actual", ambient)(k)[2:] if item.type in LINEAR else (0.0, 0.0)
        density = 2 * noise  # one-sided [A^2/Hz]
        if item.type == "resistor":
            excess = temperature(self._circuit, item, k) - AMBIENT
            silent = self._interval is not None or density == 0
            warmth = "noisy=0" if silent else f"dtemp={number(excess)}"
            yield f"{name} {p} {n} {number(item.actual['r'][k])} {warmth}"
        elif item.type in ("white_noise", "shot_noise"):
            if self._interval is None:
                yield from self._noise(name, p, n, density)
            if current:
                yield f"{self._elements.take('i_' + name)} {n} {p} {number(current)}"
        elif item.type == "current_source":
            yield f"{name} {n} {p} {number(current)}"
        elif item.type == "vcvs":
            yield f"{name} {p} {n} {at['cp']} {at['cn']} {number(item.actual['gain'][k])}"
        elif item.type == "transconductance":
            yield f"{name} {n} {p} {at['cp']} {at['cn']} {number(item.actual['gm'][k])}"
        else:
            yield f"{name} {p} {n} {number(item.actual[_VALUES[item.type]][k])}"
        if item.type == "inductor":
            self._inductors[item.element(k)] = name
        if self._interval is not None and density > 0:
            yield self._drawn(name, p, n, density)

    def mutuals(self) -> Iterator[str]:
        """Couplings between the inductors that were written; dots at their first nets."""
        for instance, k, pair in mutuals(self._circuit):
            path = plain(instance.element(k))
            name = self._elements.take(path if path.startswith("k") else f"k_{path}")
            first, second = (self._inductors[one] for one in pair)
            yield f"{name} {first} {second} {number(instance.actual['k'][k])}"

    def _amplifier(self, item: Instance, k: int, at: Mapping[str, str], name: str) -> Iterator[str]:
        values = item.actual
        amplification, out = float(values["gain"][k]), float(values["output_resistance"][k])
        pole = float(values["bandwidth"][k] if "bandwidth" in values else values["gbw"][k] / abs(amplification))
        inner = self._nets.take(f"inner_{name}")
        yield f"{name} 0 {inner} {at['in_p']} {at['in_n']} {number(amplification / ISOLATED)}"
        yield f"{self._elements.take('r_' + name)} {inner} 0 {number(ISOLATED)} noisy=0"
        yield f"{self._elements.take('c_' + name)} {inner} 0 {number(1 / (2 * math.pi * pole * ISOLATED))}"
        yield f"{self._elements.take('g_out_' + name)} 0 {at['out']} {inner} 0 {number(1 / out)}"
        yield f"{self._elements.take('r_out_' + name)} {at['out']} 0 {number(out)} noisy=0"
        density = float(values["psd"][k]) * (amplification / ISOLATED) ** 2
        if density > 0 and self._interval is None:
            yield from self._noise(self._elements.take("g_noise_" + name), inner, "0", density)
        elif density > 0:
            yield self._drawn(name, inner, "0", density)

    def _noise(self, name: str, p: str, n: str, density: float) -> Iterator[str]:
        source = self._nets.take(f"noise_{name}")
        yield f"{self._elements.take('r_' + name)} {source} 0 {number(ISOLATED)} dtemp=0"
        yield f"{name} {n} {p} {source} 0 {number(gain(density))}"

    def _drawn(self, name: str, p: str, n: str, density: float) -> str:
        assert self._interval is not None
        rms = math.sqrt(density / (2 * self._interval))
        return f"{self._elements.take('i_' + name)} {n} {p} dc 0 trnoise({number(rms)} {number(self._interval)} 0 0)"
