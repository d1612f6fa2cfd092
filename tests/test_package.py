"""The package's own surface."""

import pytest

import thermosim


def test_the_verbs_are_there() -> None:
    from thermosim import api

    assert thermosim.load is api.load
    assert dir(thermosim) == ["Chip", "__version__", "analyze", "load", "measure", "simulate"]


def test_an_unknown_name_says_what_exists() -> None:
    exist = "Chip, __version__, analyze, load, measure, simulate"
    with pytest.raises(AttributeError, match=f"no attribute 'simulat'; these exist: {exist}"):
        thermosim.simulat  # noqa: B018


def test_the_verb_measure_is_not_hidden_by_the_subpackage_of_that_name() -> None:
    import thermosim.measure
    from thermosim import api
    from thermosim.measure import Summary

    assert thermosim.measure is api.measure
    assert Summary.__module__ == "thermosim.measure.summary"
