"""``python -m thermosim`` is the command line."""

from thermosim.cli import main

main()
