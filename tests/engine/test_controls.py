"""What a controller of the user's does wrong is told with its name, its tick and what was expected."""

import numpy as np
import pytest
from hand_made import adc, dac, plan, program, rc

from thermosim.contracts import Arithmetic
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError


class Faulty:
    """Writes 0 V until tick 4, then `answer`."""

    law = None
    arithmetic = Arithmetic(1, 1)

    def __init__(self, answer):
        self.answer = answer

    def initial_state(self, replicas):
        return None

    def act(self, reads, tick, state, rng):
        if tick < 4:
            return {"d": np.zeros((1, 64))}, state
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (RuntimeError("no pump"), r"raised RuntimeError: no pump \(test_controls\.py:\d+\)$"),
        (5, r"gave a value of type int; expected \(writes, state\), writes being a dictionary of port name -> volts"),
        (({}, 0, 1), r"gave a tuple of 3; expected \(writes, state\)"),
        (({}, 0), r"wrote nothing; the port 'd' is missing$"),
        (({"q": 0}, 0), r"wrote q; the port 'd' is missing$"),
        (({"d": np.zeros(64)}, 0), r"wrote an array of shape \(64,\) to port 'd'; expected volts .* shape \(1, 64\)"),
        (({"d": "high"}, 0), r"wrote a value of type str to port 'd'; expected volts in an array of shape \(1, 64\)"),
        (({"d": np.full((1, 64), np.nan)}, 0), r"wrote a voltage that is not finite to port 'd'$"),
    ],
)
def test_a_faulty_act_is_told_with_controller_and_tick(answer, message):
    chip = program([rc(driven="u")], [adc()], [dac()], [plan()])
    with pytest.raises(NetlistError, match=r"^controllers\.demon: act at tick 4 \(400 ns\) " + message):
        run(chip, {"demon": Faulty(answer)}, threads=1)


def test_a_faulty_initial_state_is_told():
    class Broken(Faulty):
        def initial_state(self, replicas):
            return [1][replicas]

    chip = program([rc(driven="u")], [adc()], [dac()], [plan()])
    with pytest.raises(NetlistError, match=r"^controllers\.demon: initial_state raised IndexError: .* \(test_controls"):
        run(chip, {"demon": Broken(None)}, threads=1)
