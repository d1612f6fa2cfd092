"""A ring that shows every convention of an export; an evaluator of `.noise` that reads nothing but the deck."""

import re
from pathlib import Path

import numpy as np

import thermosim as ts

RING = """\
thermosim: 1
name: ring
temperature: 310 K
instances:
  Ca: {type: capacitor, c: 1 pF, pins: {p: "X", n: 0}}
  Cb: {type: capacitor, c: 2 pF, pins: {p: "x[0]", n: 0}}
  Cc: {type: capacitor, c: 0.7 pF, pins: {p: "x[1]", n: 0}}
  Cd: {type: capacitor, c: 1.5 pF, pins: {p: gnd, n: 0}}
  Cx: {type: capacitor, c: 0.3 pF, pins: {p: "X", n: gnd}}
  Ra: {type: resistor, r: 10 kOhm, pins: {p: "X", n: u}}
  Rb: {type: resistor, r: 20 kOhm, temperature: 900 K, pins: {p: "x[0]", n: 0}}
  Rc: {type: resistor, r: 15 kOhm, noisy: false, pins: {p: "x[1]", n: 0}}
  R1: {type: resistor, r: 5 kOhm, temperature: 40 K, pins: {p: "X", n: "x[0]"}}
  R2: {type: resistor, r: 6 kOhm, temperature: 0 K, pins: {p: "x[0]", n: "x[1]"}}
  R3: {type: resistor, r: 7 kOhm, pins: {p: "x[1]", n: gnd}}
  R4: {type: resistor, r: 8 kOhm, pins: {p: gnd, n: "X"}}
  N1: {type: white_noise, psd: 2e-23 A^2/Hz, pins: {p: "x[0]", n: 0}}
  N2: {type: white_noise, t_eff: 600 K, conductance: 100 uS, pins: {p: "x[1]", n: gnd}}
  V1: {type: voltage_source, v: 0.3 V, pins: {p: u, n: 0}}
  I1: {type: current_source, i: 2 uA, pins: {p: gnd, n: "x[0]"}}
run: {duration: 1 us, record: {X: every 100 ns}}
"""
COILS = """\
thermosim: 1
name: coils
temperature: 310 K
instances:
  Ca: {type: capacitor, c: 1 nF, pins: {p: a, n: 0}}
  Cb: {type: capacitor, c: 2 nF, pins: {p: b, n: 0}}
  Cc: {type: capacitor, c: 0.5 nF, pins: {p: c, n: b}}
  Ra: {type: resistor, r: 1 kOhm, pins: {p: a, n: 0}}
  Rb: {type: resistor, r: 500 Ohm, temperature: 900 K, pins: {p: b, n: 0}}
  Rc: {type: resistor, r: 2 kOhm, temperature: 40 K, pins: {p: c, n: a}}
  La: {type: inductor, l: 10 uH, pins: {p: a, n: 0}}
  Lb: {type: inductor, l: 20 uH, pins: {p: b, n: c}}
  M: {type: mutual, a: La, b: Lb, k: -0.4}
  N: {type: white_noise, psd: 2e-22 A^2/Hz, pins: {p: c, n: 0}}
  I: {type: current_source, i: 2 uA, pins: {p: c, n: 0}}
run: {duration: 1 ms, record: {a: every 1 us}}
"""
"""Two coupled coils, three temperatures, a quality of 16."""

ACTIVE = """\
thermosim: 1
name: active
temperature: 300 K
instances:
  Cx: {type: capacitor, c: 1 nF, pins: {p: x, n: 0}}
  Cy: {type: capacitor, c: 2 nF, pins: {p: y, n: 0}}
  Cz: {type: capacitor, c: 0.3 nF, pins: {p: z, n: 0}}
  Rx: {type: resistor, r: 1 kOhm, pins: {p: x, n: 0}}
  Ry: {type: resistor, r: 3 kOhm, pins: {p: y, n: 0}}
  Gxy: {type: transconductance, gm: -0.3 mS, pins: {p: x, n: 0, cp: y, cn: 0}}
  Gyx: {type: transconductance, gm: -0.2 mS, pins: {p: y, n: 0, cp: x, cn: 0}}
  A:
    type: amplifier
    gain: -20
    gbw: 10 MHz
    output_resistance: 200 Ohm
    psd: 1e-17 V^2/Hz
    pins: {in_p: x, in_n: y, out: z}
  U: {type: voltage_source, v: 1 mV, pins: {p: u, n: 0}}
  Ru: {type: resistor, r: 5 kOhm, pins: {p: u, n: x}}
run: {duration: 1 ms, record: {x: every 1 us}}
"""
"""A pair of inverting transconductances, an amplifier between its nodes, a driven net."""


def chip_of(folder: Path, text: str) -> ts.Chip:
    path = folder / "netlist.yaml"
    path.write_text(text)
    return ts.load(path)


def error(found: np.ndarray, exact: np.ndarray) -> float:
    """Largest entry of the difference of two covariances, each in units of the two standard deviations."""
    scale = np.sqrt(np.diag(exact))
    return float(np.abs((found - exact) / np.outer(scale, scale)).max())


class Evaluator:
    """Nodal analysis of r, c, g, i, v, l and k lines; noise of a resistor is 4 k (300 K + dtemp) / r, one-sided."""

    def __init__(self, text: str) -> None:
        deck = text.split(".control")[0].splitlines()[1:]
        lines = [line.split() for line in deck if not line.startswith(("*", "."))]
        assert len({line[0] for line in lines}) == len(lines), "two elements of one name"
        coupled = [line for line in lines if line[0][0] == "k"]
        lines = [line for line in lines if line not in coupled]
        nets = sorted({net for line in lines for net in (line[1:5] if line[0][0] == "g" else line[1:3])} - {"0"})
        branches = [line for line in lines if line[0][0] in "vl"]
        self.row = {net: k for k, net in enumerate(nets)}
        size = len(nets) + len(branches)
        self.real, self.imaginary, self.drive = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
        self.noises: list[tuple[np.ndarray, float]] = []
        for name, p, n, *rest in lines:
            ends = self.column(p, n, size)
            if name[0] == "r":
                self.real += np.outer(ends, ends) / float(rest[0])
                options = dict(word.split("=") for word in rest[1:])
                if options.get("noisy") != "0":
                    self.noises.append((ends, 4 * 1.380649e-23 * (300 + float(options["dtemp"])) / float(rest[0])))
            elif name[0] == "c":
                self.imaginary += np.outer(ends, ends) * float(rest[0])
            elif name[0] == "g":
                self.real += np.outer(ends, self.column(*rest[:2], size)) * float(rest[2])
            elif name[0] == "i":
                self.drive -= ends * float(rest[0])
        coils = {}
        for k, (name, p, n, *rest) in enumerate(branches, len(nets)):
            ends = self.column(p, n, size)
            self.real[:, k] += ends
            self.real[k, :] += ends
            if name[0] == "l":
                coils[name] = k, float(rest[0])
                self.imaginary[k, k] -= float(rest[0])
            else:
                self.drive[k] = float(rest[rest.index("dc") + 1 if "dc" in rest else 0])
        for _, one, other, share in coupled:
            (a, first), (b, second) = coils[one], coils[other]
            self.imaginary[a, b] -= float(share) * np.sqrt(first * second)
            self.imaginary[b, a] -= float(share) * np.sqrt(first * second)
        self.text = text

    def column(self, p: str, n: str, size: int) -> np.ndarray:
        found = np.zeros(size)
        for net, sign in ((p, 1.0), (n, -1.0)):
            if net != "0":
                found[self.row[net]] += sign
        return found

    def answers(self) -> dict[tuple[str, ...], float]:
        """What ngspice is to print, keyed as its reader does."""
        found = {}
        still = np.linalg.solve(self.real, self.drive)
        for name in re.findall(r"^echo thermosim mean (\S+)\nprint v\(\1\)$", self.text, re.MULTILINE):
            found["mean", name] = float(still[self.row[name]])
        pattern = r"^noise v\((\S+)\) vprobe dec (\d+) (\S+) (\S+)\nsetplot previous\n"
        pattern += r"let total = integ\(onoise_spectrum\)\necho thermosim (.+)\nprint total\[length\(total\)-1\]$"
        for output, points, low, high, told in re.findall(pattern, self.text, re.MULTILINE):
            decades = np.log10(float(high) / float(low))
            frequencies = np.geomspace(float(low), float(high), int(decades * int(points)))
            a, _, b = output.partition(",")
            system = self.real + 2j * np.pi * frequencies[:, None, None] * self.imaginary
            gains = np.linalg.solve(system.transpose(0, 2, 1), self.column(a, b or "0", len(self.real))[:, None])
            density = sum(np.abs(gains[:, :, 0] @ ends) ** 2 * power for ends, power in self.noises)
            found[tuple(told.split())] = float(np.trapezoid(density * frequencies, np.log(frequencies)))
        return found
