# From a clean clone, with Python 3.11 or newer and make: `make demo`, then `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet -c requirements.lock
WORKERS ?= 2

# The suite is parallel by processes; threads inside each would only fight.
TEST_ENV := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1 PYTHONHASHSEED=0

.PHONY: help demo test check format lint types contracts wheel pytest validation bench experiments docs clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "thermosim needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp for each set of packages; a changed pyproject.toml or lock installs again.
$(VENV)/.core: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP) -e '.[dev,io,onnx,ising]'
	@touch $@ $(VENV)/.core

$(VENV)/.docs: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP) -e '.[docs]'
	@touch $@

demo: $(VENV)/.core  ## a 70 x 70 grid of p-bits: from netlist to joules per effective sample
	$(BIN)/thermosim run netlists/pbit_grid.yaml --out results/demo

test: lint types contracts wheel pytest  ## everything that must hold before a change is merged

lint: $(VENV)/.dev  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev  ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev  ## mypy, strict outside the kernels
	$(BIN)/mypy

contracts: $(VENV)/.dev  ## who may import whom
	$(BIN)/lint-imports

wheel: $(VENV)/.dev  ## build the wheel and use it in an empty environment
	.ci/wheel $(BIN)/python

pytest: $(VENV)/.dev  ## the suite, without the long statistical checks
	$(TEST_ENV) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

validation: $(VENV)/.dev  ## the long statistical checks
	$(TEST_ENV) $(BIN)/python -m pytest -n $(WORKERS) -m validation

bench: $(VENV)/.dev  ## speed, as ratios measured side by side
	@set -e; for script in benchmarks/[!_]*.py; do echo; echo "== $$script"; OPENBLAS_NUM_THREADS=1 $(BIN)/python $$script; done

experiments: $(VENV)/.dev  ## every experiment, with its figure beside it
	@set -e; for script in experiments/*/run.py; do echo; echo "== $$script"; $(BIN)/python $$script; done

docs: $(VENV)/.docs  ## HTML documentation in docs/_build/html
	$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

clean:  ## remove what was built; the environment and results stay
	rm -rf build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
