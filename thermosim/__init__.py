"""thermosim: hardware-in-the-loop simulation of thermodynamic chips."""

__version__ = "0.1.0"
