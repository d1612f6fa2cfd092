"""One noisy RC to one statistical error: ngspice's transient noise beside exact steps, in one run on one core.

    python benchmarks/trnoise.py

The variance of an OU voltage averaged over a time t has the relative error sqrt(2 tau / t), that of N samples every
3 tau sqrt(2 coth(3) / N). So t / tau and N / coth(3) count the same thing, independent samples, and the rates below
are theirs. TRNOISE draws noise every h and joins it by straight lines, which loses 7 h / (15 tau) of kT/C, and
keeps every point; its time is that of the whole process. Ours is that of a whole run, record and variance included.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from _timing import best
from threadpoolctl import threadpool_limits

import thermosim as ts
from thermosim.analysis import interpolated
from thermosim.constants import BOLTZMANN

R, C, T = 1e6, 1e-12, 300.0  # Ohm, F, K
TAU, EVERY = R * C, 3.0  # tau is 1 us; recorded every so many tau
DRAWS, REPLICAS = 4000, 256
NETLIST = f"""\
thermosim: 1
name: one_rc
temperature: {T} K
instances:
  C: {{type: capacitor, c: {C} F, pins: {{p: x, n: 0}}}}
  R: {{type: resistor, r: {R} Ohm, pins: {{p: x, n: 0}}}}
run: {{duration: {DRAWS * EVERY} us, burn_in: 10 us, replicas: {REPLICAS}, record: {{x: every {EVERY} us}}}}
"""
DECK = """\
one RC, drawn every {h} s
.options method=trap reltol=1e-6
R1 x 0 {r}
C1 x 0 {c}
I1 0 x dc 0 trnoise({rms} {h} 0 0)
.control
tran {h} {end} 0 {step}
let square = v(x)*v(x)
meas tran variance avg square from={begin} to={end}
quit 0
.endc
.end
"""


def ours() -> tuple[float, float, float]:
    """Independent samples per second, variance over kT/C, and its error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one_rc.yaml"
        path.write_text(NETLIST)
        chip = ts.load(path)
    found = []

    def run() -> None:
        samples = ts.simulate(chip, threads=1).samples["x"]
        found.append(float(np.mean(np.square(samples))) * C / (BOLTZMANN * T))

    count = DRAWS * REPLICAS * np.tanh(EVERY)
    return count / best(run, 5), found[-1], float(np.sqrt(2 / count))


def ngspice(ratio: float, length: float) -> tuple[float, float, float]:
    """The same of TRNOISE at h = `ratio` tau over `length` tau."""
    h, begin = ratio * TAU, 10 * TAU
    rms = float(np.sqrt(2 * BOLTZMANN * T / R / h))
    text = DECK.format(r=R, c=C, rms=rms, h=h, step=h / 5, begin=begin, end=begin + length * TAU)
    printed = ""

    def run() -> None:
        nonlocal printed
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "deck.cir"
            path.write_text(text)
            done = subprocess.run(["ngspice", "-b", str(path)], capture_output=True, text=True, check=True, cwd=folder)
            printed = done.stdout

    seconds = best(run, 2)
    answer = re.search(r"^variance\s*=\s*(\S+)", printed, re.MULTILINE)
    assert answer, printed
    return length / seconds, float(answer[1]) * C / (BOLTZMANN * T), float(np.sqrt(2 / length))


def main() -> None:
    rate, variance, error = ours()
    print("Variance of one RC beside kT/C; rates in independent samples per second, one thread.")
    print(f"thermosim, every {EVERY:g} tau     {rate:12.4g}/s   {variance:.4f} +- {error:.4f}, expected 1")
    if shutil.which("ngspice") is None:
        print("ngspice is not installed (Debian: apt-get install ngspice): no comparison")
        return
    for ratio, length in ((1 / 4, 20_000), (1 / 48, 2_000)):
        there, variance, error = ngspice(ratio, length)
        noise = np.array([[2 * BOLTZMANN * T / R]])
        law = interpolated.covariance(np.array([[C]]), np.array([[1 / R]]), noise, ratio * TAU)[0, 0]
        expected = law * C / (BOLTZMANN * T)
        name = f"ngspice, h = tau/{1 / ratio:.0f}"
        print(f"{name:27s} {there:12.4g}/s   {variance:.4f} +- {error:.4f}, expected {expected:.4f}", end="")
        print(f": {rate / there:.0f} times")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
