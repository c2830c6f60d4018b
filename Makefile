# make lab      work through the lessons            make test      check everything that changes often
# make lessons  build the notebooks from sources    make test-all  the long runs too
# make explore  sliders over a trained generator    make bench     measure speed
# make install  only install
PYTHON ?= python3
LAB_FLAGS ?=
TORCH_INDEX ?=
BIN := .venv/bin

# Programs in .venv hold the path of this folder: after a move they would not start.
ifneq "$(shell cat .venv/.place 2> /dev/null || pwd)" "$(shell pwd)"
$(info This folder was moved or renamed, so its environment is installed anew.)
$(shell rm -rf .venv)
endif

.PHONY: install lab explore test test-all lessons bench
.DEFAULT_GOAL := lab

install: .venv/.installed
lab: .venv/.installed
	@$(BIN)/gancourse lab $(LAB_FLAGS)

explore: .venv/.installed
	@$(BIN)/gancourse explore

test: .venv/.installed-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/python -m pytest -n 3 -m "not long"

test-all: .venv/.installed-dev
	@$(BIN)/python -m pytest -n 3

lessons: .venv/.installed-dev
	@$(BIN)/gancourse build

bench: .venv/.installed-dev
	@$(BIN)/python tests/benchmarks/bench.py
	@$(BIN)/python tests/benchmarks/metrics.py
	@$(BIN)/python tests/benchmarks/grading.py
	@$(BIN)/python tests/benchmarks/widgets.py
	@$(BIN)/python tests/benchmarks/games.py

# A virtual environment with what a learner needs; it is brought up to date when the lists change.
.venv/.installed: .venv/bin/pip pyproject.toml constraints.txt
	@echo "Installing the course (a few minutes the first time) ..."
	@if [ -n "$(TORCH_INDEX)" ]; then $(BIN)/pip install --quiet -c constraints.txt --no-deps --index-url "$(TORCH_INDEX)" torch; fi
	@$(BIN)/pip install --quiet -c constraints.txt -e ".[lab]"
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install --quiet -c constraints.txt -e ".[lab,dev,colour]"
	@touch $@

.venv/bin/pip:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) was not found: install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { echo "The course needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "$(PYTHON) lacks venv: on Debian or Ubuntu, sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv && pwd > .venv/.place || { rm -rf .venv; exit 1; }
