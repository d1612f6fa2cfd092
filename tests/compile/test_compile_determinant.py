"""Log-determinants by chips that climb stairs: Bennett and Jarzynski within their errors, and what rounding leaves."""

import numpy as np
import pytest
from h_matrices import matrix

from thermosim import compile as chips
from thermosim.analysis.free_energy import bennett, jarzynski
from thermosim.compile.staircase import stairs
from thermosim.errors import ThermosimError

FAR = 5.0
SHORT = chips.Effort(draws=300, replicas=16)


@pytest.mark.parametrize("signs", [False, True])
def test_log_determinant(signs):
    a = matrix(4, signs, 21)
    answer = chips.log_determinant(a, effort=SHORT, switches=4)
    exact = np.linalg.slogdet(a)[1]
    assert answer.verdict == "ok"
    assert float(answer.exact) == pytest.approx(exact, rel=1e-12)
    assert answer.systematic < 1e-10
    assert abs(answer.value - exact) < FAR * answer.error
    assert np.all(np.abs(answer.jarzynski - exact) < FAR * answer.jarzynski_expected)
    assert answer.error == pytest.approx(answer.expected * abs(exact), rel=0.1)
    assert answer.jarzynski_error[1] == pytest.approx(answer.jarzynski_expected[1], rel=0.2)
    assert np.all(answer.jarzynski_error < 1.2 * answer.jarzynski_expected)  # a sample may lack the rare runs up
    known = np.log(np.diag(a)).sum()
    doubled = bennett(*(2 * answer.works[0].T))  # mutant: work without its half
    assert abs(known + 2 * doubled.value - exact) > FAR * answer.error
    assert abs(known + bennett(*answer.works[0].T).value - exact) > FAR * answer.error  # mutant: ln det for 2 dF
    assert len(answer.netlists) == 5
    assert next(cost.count for cost in answer.costs if cost.action == "conversion") == 2 * 4 * 300 * 16 * 4
    assert answer.digital[0].macs == 4**3 / 6
    assert "Bennett" in str(answer)


def test_half_the_logarithm_of_two():
    """ln(det A2 / det A1) / 2 = .34657; .3462 is quoted of a run that is not stated."""
    reference = np.diag([1.0, 2.0, 3.0])
    a = reference - 0.3 * (np.ones((3, 3)) - np.eye(3))
    a *= (2 * np.linalg.det(reference) / np.linalg.det(a)) ** (1 / 3)
    answer = chips.log_determinant(a, reference=reference, effort=chips.Effort(draws=1500, replicas=32), switches=4)
    known = np.log(np.diag(reference)).sum()
    half, error = (answer.value - known) / 2, answer.error / 2
    assert error < 0.004
    assert abs(half - 0.34657) < FAR * error
    assert abs((answer.jarzynski[0] - known) / 2 - 0.34657) < FAR * answer.jarzynski_expected[0] / 2
    assert abs(2 * half - 0.34657) > FAR * error  # mutant: without the half


def test_works_have_the_law_of_the_staircase():
    a = matrix(3, True, 22)
    start = np.diag([4.0, 0.5, 1.0]) * np.trace(a) / 3
    answer = chips.log_determinant(a, reference=start, effort=SHORT, switches=2, dwell=0.3)
    climbed = stairs(a, start, 2, 0.3, chips.Parts(), None)
    for way, law in enumerate((climbed.law, climbed.reverse_law)):
        work = answer.works[0, :, way]
        error = np.sqrt(law.variance / work.size)
        assert abs(work.mean() - law.mean) < FAR * error
        assert abs(work.mean() - law.mean / 2) > FAR * error
        scatter = ((work - work.mean()) ** 2).std() / np.sqrt(work.size)
        assert abs(work.var() - law.variance) < FAR * scatter
    assert abs(answer.value - np.linalg.slogdet(a)[1]) < FAR * answer.error
    backwards = chips.log_determinant(start, reference=a, effort=SHORT, switches=2, dwell=0.3)
    assert abs(backwards.value - np.log(np.diag(start)).sum()) < FAR * backwards.error


def test_jarzynski_of_few_runs_is_biased_where_bennett_is_not():
    """A chip of one switch from a soft reference; blocks of 8 runs."""
    a = 3 * matrix(4, True, 23)
    answer = chips.log_determinant(a, reference=np.diag(np.diag(a)) / 3, effort=chips.Effort(1500, 16), switches=1)
    blocks = answer.works[0].reshape(-1, 8, 2)
    difference = (float(answer.exact) - np.log(np.diag(a) / 3).sum()) / 2
    alone = np.array([jarzynski(one[:, 0]).value for one in blocks]) - difference
    both = np.array([bennett(*one.T).value for one in blocks]) - difference
    error = alone.std() / np.sqrt(len(blocks))
    assert alone.mean() > FAR * error
    assert abs(both.mean()) < alone.mean() / 2


def test_rounded_stairs_answer_what_the_last_one_holds():
    a, parts = matrix(4, True, 24), chips.Parts(bits=4)
    plain = chips.log_determinant(a, parts=parts, effort=SHORT, switches=4)
    assert abs(plain.value - plain.held) < FAR * plain.error
    assert abs(plain.held - plain.exact) > 1e-3
    few = chips.Effort(draws=60, replicas=8)
    mean = chips.log_determinant(a, parts=parts, effort=few, switches=2, roundings=6)
    assert len(mean.netlists) == 6 * 3
    assert mean.works.shape == (6, 480, 2)
    assert abs(mean.value - mean.held) < FAR * mean.error


def test_the_number_of_switches_is_chosen_by_the_closed_form():
    a = matrix(4, False, 21)
    answer = chips.log_determinant(a, effort=chips.Effort(draws=60, replicas=4))

    def cost(switches):
        found = stairs(a, np.diag(np.diag(a)), switches, 1.0, chips.Parts(), None)
        return found.law.bennett_error(1) ** 2 * found.cycle

    assert answer.switches > 2
    assert cost(answer.switches) <= 0.75 * cost(answer.switches // 2)
    assert cost(answer.switches * 2) > 0.75 * cost(answer.switches)
    weak = a.copy()
    weak[0, 1] = weak[1, 0] = -a[0, 0] / 600  # a quarter of it is beyond the range of the resistors
    assert chips.log_determinant(weak, effort=chips.Effort(draws=60, replicas=4)).switches < 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": np.eye(2)}, r"the reference has shape \[2, 2\] and A \[3, 3\]"),
        ({"reference": -np.eye(3)}, "the reference is not positive definite"),
        ({"switches": 0}, "switches = 0: one at least"),
        ({"dwell": -1.0}, "dwell = -1.0: finite and above zero"),
        ({"effort": chips.Effort(every=1e-9)}, "state dwell"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ThermosimError, match=message):
        chips.log_determinant(matrix(3, False, 26), **options)
    with pytest.raises(ThermosimError, match="its own reference"):
        chips.log_determinant(np.eye(3))
