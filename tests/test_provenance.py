"""Provenance names the software and nothing about the place."""

import getpass
import platform
from importlib.metadata import version

import thermosim
from thermosim import provenance


def test_versions_are_those_installed() -> None:
    found = provenance.versions()
    assert found["thermosim"] == thermosim.__version__
    assert found["python"] == platform.python_version()
    assert found["numpy"] == version("numpy")
    assert found["numba"] == version("numba")


def test_neither_host_nor_user_is_named() -> None:
    said = " ".join(provenance.machine().values())
    assert platform.node() not in said
    assert getpass.getuser() not in said.split()
