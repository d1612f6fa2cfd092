"""The lint of rates that conductances no longer hold: it tells the true loss, and knows what stiffness does no harm."""

import numpy as np
import pytest

import thermosim as ts
from thermosim.circuit.lint_stiff import slowest

PAIR = """\
thermosim: 1
name: pair
temperature: 300 K
instances:
  C1: {{type: capacitor, c: {c1}, pins: {{p: x, n: 0}}}}
  C2: {{type: capacitor, c: 2 pF, pins: {{p: y, n: 0}}}}
  R1: {{type: resistor, r: {short}, pins: {{p: x, n: y}}}}
  R2: {{type: resistor, r: {leak}, pins: {{p: {leaky}, n: 0}}}}
  N: {{type: white_noise, psd: 1e-20 A^2/Hz, pins: {{p: x, n: 0}}}}
run: {{duration: 1 us, record: {{x: every 100 ns}}}}
"""


def pair(folder, short="1 Ohm", leak="1 TOhm", c1="1 pF", leaky="x"):
    path = folder / "pair.yaml"
    path.write_text(PAIR.format(short=short, leak=leak, c1=c1, leaky=leaky))
    return ts.load(path)


def test_it_says_where_how_much_and_what_to_do(tmp_path):
    (found,) = pair(tmp_path).lints
    assert found.rule == "lost-digits"
    for told in ("the slowest relaxation, 3 s", "4e+12 times as large", "hold it to 0.04 %", "Join nets that small"):
        assert told in found.message


@pytest.mark.parametrize(
    "settings",
    [
        {"leak": "1 GOhm"},  # nine decades: 1e-7
        {"c1": "1 mF", "leak": "1 GOhm"},  # nine decades between the capacitors lose nothing
        {"short": "1 TOhm", "leaky": "y"},
    ],
)
def test_it_is_silent_where_nothing_is_lost(tmp_path, settings):
    assert not pair(tmp_path, **settings).lints


def test_the_loss_is_real_and_bounded(tmp_path):
    """The slow rate is 1 / (R (C1 + C2)) to 1e-12; what the matrices hold differs by what is told, or less."""
    shares = []
    for leak in 10.0 ** np.arange(10.5, 14.5, 0.25):
        (island,) = pair(tmp_path, leak=f"{leak:.6e} Ohm").program.islands
        rate, uncertain, _ = slowest(island.drawn)
        shares.append(abs(rate * float(f"{leak:.6e}") * 3e-12 - 1) / uncertain)
    assert max(shares) < 1.5, "two roundings, of the sum and of its scaled form, are each half an epsilon"
    assert max(shares) > 0.05, "and the bound is not an empty one"


def test_a_zero_mode_is_an_ordinary_case(tmp_path):
    (island,) = pair(tmp_path, leak="1e18 Ohm").program.islands
    assert slowest(island.drawn) is None
