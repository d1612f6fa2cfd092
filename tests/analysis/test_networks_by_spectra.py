"""Random networks of every linear element against a tableau that eliminates nothing.

Every net and every current of a source or coil is an unknown; the equations are solved frequency by frequency, and
variances and powers are integrals of spectra: <u i> = int Re S_ui df with the element's own noise in i, which is the
Stratonovich mean. No Lyapunov equation, no Schur complement, no driven or tied rows.
"""

import numpy as np
import pytest

import thermosim as ts
from thermosim.constants import BOLTZMANN
from thermosim.measure.network import imbalance

VALUE = {
    "resistor": ("r", "Ohm"), "capacitor": ("c", "F"), "white_noise": ("psd", "A^2/Hz"), "current_source": ("i", "A"),
    "voltage_source": ("v", "V"), "inductor": ("l", "H"), "mutual": ("k", ""), "transconductance": ("gm", "S"),
    "amplifier": ("gain", ""),
}  # fmt: skip
OF_TWO_ENDS = ("resistor", "white_noise", "current_source", "transconductance")


def parts_of(seed, kinds):
    """Elements as dictionaries: kind, name, value, pins and the rest of what the netlist says."""
    rng = np.random.default_rng(seed)
    parts = []

    def add(kind, value, more="", **pins):
        parts.append({"kind": kind, "name": f"{kind[0].upper()}{len(parts)}", "value": float(value), "more": more,
                      "pins": pins})  # fmt: skip

    def resistor(p, n):
        warm, noisy = rng.choice([300.0, 77.0, 600.0]), rng.random() < 0.85
        more = f", temperature: {warm} K" + ("" if noisy else ", noisy: false")
        add("resistor", rng.uniform(0.3e6, 5e6), more, p=p, n=n)
        parts[-1]["psd"] = 4 * BOLTZMANN * warm / parts[-1]["value"] if noisy else 0.0

    n = int(rng.integers(3, 6))
    nets = [f"n{k}" for k in range(n)]

    def some(count):
        return [nets[k] for k in rng.choice(n, count, replace=False)]

    for k, net in enumerate(nets):
        if k == 0 or "eliminated" not in kinds or rng.random() < 0.6:
            add("capacitor", rng.uniform(0.3e-12, 3e-12), p=net, n="0")
        resistor(net, "0")
    stored = [part["pins"]["p"] for part in parts if part["kind"] == "capacitor"]
    for _ in range(n):
        resistor(*some(2))
    if len(stored) > 1:
        add("capacitor", 1e-12, p=stored[0], n=stored[1])
    for p, q in (some(2), some(2)):
        add("white_noise", rng.uniform(1e-27, 1e-25), p=p, n=q)
        parts[-1]["psd"] = parts[-1]["value"]
        add("current_source", rng.normal() * 1e-11, p=q, n="0")
    if "driven" in kinds:
        add("voltage_source", 1e-4 * rng.normal(), p="rail", n="0")
        add("voltage_source", 1e-4 * rng.normal(), p="0", n="low")
        add("voltage_source", 1e-4 * rng.normal(), p="rail", n="top")
        for net in ("rail", "low", "top"):
            resistor(some(1)[0], net)
        add("capacitor", 1e-12, p=stored[0], n="rail")
    if "tied" in kinds:
        add("voltage_source", 1e-4 * rng.normal(), p=nets[1], n=nets[0])
        resistor(nets[1], nets[0])
    if "coils" in kinds:
        held = "rail" if "driven" in kinds else "0"
        add("inductor", rng.uniform(0.3, 3), p=nets[0], n=nets[2])
        add("inductor", rng.uniform(0.3, 3), p=nets[1], n=held)
        add("mutual", rng.uniform(-0.9, 0.9), f", a: {parts[-2]['name']}, b: {parts[-1]['name']}")
    if "active" in kinds:
        for p in [some(1)[0], *(["rail"] if "driven" in kinds else [])]:
            control = some(2)
            add("transconductance", 0.2e-6 * rng.normal(), p=p, n="0", cp=control[0], cn=control[1])
        inputs = some(3)
        add("amplifier", 0.4 * rng.normal(), ", bandwidth: 100 kHz, output_resistance: 1 MOhm, psd: 1e-13 V^2/Hz",
            in_p=inputs[0], in_n=inputs[1], out=inputs[2])  # fmt: skip
        parts[-1]["psd"] = 1e-13 * parts[-1]["value"] ** 2
    return parts


def text_of(parts):
    lines = []
    for part in parts:
        key, unit = VALUE[part["kind"]]
        pins = ", ".join(f"{pin}: {net}" for pin, net in part["pins"].items())
        at = f", pins: {{{pins}}}" if pins else ""
        lines.append(f"  {part['name']}: {{type: {part['kind']}, {key}: {part['value']!r} {unit}{part['more']}{at}}}\n")
    head = "thermosim: 1\nname: random\ntemperature: 300 K\ninstances:\n"
    return head + "".join(lines) + "run: {duration: 1 us, record: {n0: every 100 ns}}\n"


class Tableau:
    """G x + C dx/dt = sources, x all nets, then v(A) and currents of sources and coils, from p to n."""

    def __init__(self, parts):
        self.parts = parts
        names = sorted({net for part in parts for net in part["pins"].values()} - {"0"})
        for part in parts:
            if part["kind"] in ("voltage_source", "inductor", "amplifier"):
                names.append(f"{'v' if part['kind'] == 'amplifier' else 'i'}({part['name']})")
        self.row = {name: k for k, name in enumerate(names)}
        self.g, self.c, self.drive = np.zeros((len(names),) * 2), np.zeros((len(names),) * 2), np.zeros(len(names))
        noisy = [part for part in parts if part.get("psd")]
        self.noisy = {part["name"]: k for k, part in enumerate(noisy)}
        self.psd = np.array([part["psd"] for part in noisy])
        self.into = np.zeros((len(names), len(noisy)))
        for part in parts:
            self.write(part)

    def ends(self, p, n):
        found = np.zeros(len(self.row))
        for net, sign in ((p, 1.0), (n, -1.0)):
            if net != "0":
                found[self.row[net]] += sign
        return found

    def write(self, part):
        kind, value, pins, name = part["kind"], part["value"], part["pins"], part["name"]
        b = self.ends(pins.get("p", "0"), pins.get("n", "0"))
        if kind == "resistor":
            self.g += np.outer(b, b) / value
        elif kind == "capacitor":
            self.c += np.outer(b, b) * value
        elif kind == "current_source":
            self.drive += value * b
        elif kind == "transconductance":
            self.g -= value * np.outer(b, self.ends(pins["cp"], pins["cn"]))
        elif kind in ("voltage_source", "inductor"):
            row = self.row[f"i({name})"]
            self.g[:, row] += b
            self.g[row] += b
            if kind == "inductor":
                self.c[row, row] -= value
            else:
                self.drive[row] = value
        elif kind == "mutual":
            coils = [part for part in self.parts if part["kind"] == "inductor"]
            rows = [self.row[f"i({coil['name']})"] for coil in coils]
            shared = value * np.sqrt(coils[0]["value"] * coils[1]["value"])
            self.c[rows[0], rows[1]] -= shared
            self.c[rows[1], rows[0]] -= shared
        elif kind == "amplifier":
            row, out = self.row[f"v({name})"], self.ends(pins["out"], "0")
            self.c[row, row] += 1 / (2 * np.pi * 1e5)
            self.g[row, row] += 1
            self.g[row] -= value * self.ends(pins["in_p"], pins["in_n"])
            self.g += np.outer(out, out) / 1e6
            self.g[:, row] -= out / 1e6
        if part.get("psd"):
            self.into[:, self.noisy[name]] = b if kind != "amplifier" else 0
            if kind == "amplifier":
                self.into[self.row[f"v({name})"], self.noisy[name]] = 1

    def current(self, part, x):
        """What flows into p of a part for unknowns x (row, ...), noise apart."""
        value, pins, across = part["value"], part["pins"], lambda p, n: np.tensordot(self.ends(p, n), x, axes=1)
        if part["kind"] == "resistor":
            return across(pins["p"], pins["n"]) / value
        if part["kind"] == "transconductance":
            return -value * across(pins["cp"], pins["cn"])
        if part["kind"] == "amplifier":
            return (across(pins["out"], "0") - x[self.row[f"v({part['name']})"]]) / 1e6
        return 0 * across(pins["p"], pins["n"])

    def integrate(self, slow, fast):
        """Covariances of each noise (source, row, row), and the mean power into every part [W]."""
        f = np.geomspace(1e-7 * slow, 1e7 * fast, 20_001)
        step, covariance = np.log(f[1] / f[0]), np.zeros((len(self.psd), len(self.row), len(self.row)))
        still = np.linalg.solve(self.g, self.drive)
        powers = {}
        for part in self.parts:
            if part["kind"] in (*OF_TWO_ENDS, "amplifier"):
                b = self.ends(part["pins"].get("p", part["pins"].get("out")), part["pins"].get("n", "0"))
                powers[part["name"]] = b @ still * self.current(part, still)
                if part["kind"] == "current_source":
                    powers[part["name"]] -= b @ still * part["value"]
            elif part["kind"] == "voltage_source":
                powers[part["name"]] = part["value"] * still[self.row[f"i({part['name']})"]]
        for chunk in np.array_split(f, 10):
            x = np.linalg.solve(self.g + 2j * np.pi * chunk[:, None, None] * self.c, self.into.astype(complex))
            covariance += np.einsum("f,faj,fbj,j->jab", chunk * step, x, x.conj(), self.psd).real
            x = x.transpose(1, 0, 2)
            for part in self.parts:
                if part["kind"] in ("resistor", "white_noise", "transconductance", "amplifier"):
                    u = np.tensordot(
                        self.ends(part["pins"].get("p", part["pins"].get("out")), part["pins"].get("n", "0")), x, 1
                    )
                    i = np.array(self.current(part, x))
                    if part["name"] in self.noisy and part["kind"] != "amplifier":
                        i[:, self.noisy[part["name"]]] -= 1
                    powers[part["name"]] += float(np.einsum("f,fj,j->", chunk * step, (u * i.conj()).real, self.psd))
        return still, covariance, powers


CASES = [
    (), ("driven",), ("eliminated", "driven"), ("tied",), ("tied", "eliminated", "driven"), ("coils", "driven"),
    ("active", "driven"), ("eliminated", "coils"), ("tied", "coils", "active", "driven"),
]  # fmt: skip


@pytest.mark.parametrize("kinds", CASES, ids="-".join)
@pytest.mark.parametrize("seed", [0, 1])
def test_means_covariances_shares_and_powers(kinds, seed, tmp_path):
    parts = parts_of(100 * seed + 7, kinds)
    path = tmp_path / "random.yaml"
    path.write_text(text_of(parts))
    (found,) = ts.analyze(ts.load(path))
    assert not found.reason
    rates = 1 / found.times + 2 * np.pi * found.frequencies
    tableau = Tableau(parts)
    still, covariances, powers = tableau.integrate(rates.min() / (2 * np.pi), rates.max() / (2 * np.pi))
    rows = [tableau.row[name] for name in found.nodes]
    np.testing.assert_allclose(found.mean, still[rows], rtol=1e-8, atol=1e-8 * np.abs(still[rows]).max())
    total = covariances.sum(axis=0)[np.ix_(rows, rows)]
    scale = np.sqrt(np.outer(np.diag(total), np.diag(total)))
    assert np.abs(found.covariance - total).max(initial=0, where=scale > 0) <= 3e-6 * scale.max()
    assert np.abs((found.covariance - total) / scale).max() < 3e-6
    for one in found.contributions:
        mine = sum(covariances[tableau.noisy[name]] for name in one.path.split(" + ") if name in tableau.noisy)
        assert np.abs(np.diag(mine)[rows] / np.diag(total) - one.share).max() < 3e-6
    size = max(found.turnover, *(abs(one.watts) for one in (*found.heats, *found.works)))
    for flow in found.heats:
        assert abs(flow.watts - sum(powers[name] for name in flow.path.split(" + "))) < 3e-6 * size
    of_nets = {part["pins"]["p"] for part in parts if part["kind"] == "voltage_source"} | {"low", "top"}
    for flow in found.works:
        if flow.path not in of_nets | set(tableau.row):
            assert abs(flow.watts + powers[flow.path]) < 3e-6 * size
    held = sum(flow.watts for flow in found.works if flow.path not in powers)
    sources = -sum(powers[part["name"]] for part in parts if part["kind"] == "voltage_source")
    assert abs(held - sources) < 3e-6 * size
    assert abs(imbalance(found)) < 1e-10
