"""Sphinx configuration: Markdown pages, the Python reference read from docstrings."""

from thermosim import __version__

project = "thermosim"
author = "the thermosim authors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
templates_path: list[str] = []
html_theme = "alabaster"
html_title = "thermosim"
html_theme_options = {
    "description": "from a netlist to joules per effective sample",
    "page_width": "1080px",
    "fixed_sidebar": True,
}
autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
