# `make demo` and `make test` do everything on a fresh machine with Python 3.11 or newer.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# Tests start many processes, each of which would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test slow zoo import lint format docs fuzz repair bench clean

help:
	@echo "make demo    check, summarize and draw the bundled specs, and train LeNet"
	@echo "make test    run the tests"
	@echo "make slow    run the tests that take long, and further cases"
	@echo "make zoo     compare the outputs of all networks of torchvision"
	@echo "make import  import all networks of torchvision, and all specs anew"
	@echo "make lint    formatting, lint, types, import contracts and wording"
	@echo "make format  format the code"
	@echo "make docs    refresh the outputs and pictures in the docs"
	@echo "make fuzz    the fuzzers, for longer"
	@echo "make repair  how well check repairs 2,000 faults that people make"
	@echo "make bench   the benchmarks"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "archspec needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY)
	$(BIN)/archspec check specs/*.yaml
	$(BIN)/archspec summary lenet
	@mkdir -p runs
	$(BIN)/archspec draw lenet -o runs/lenet.svg
	$(BIN)/archspec train lenet --data digits

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

slow: $(READY)
	$(BIN)/python -m pytest -m slow --numprocesses auto --dist worksteal

zoo: $(READY)
	$(BIN)/python -m pytest -m zoo

import: $(READY)
	$(BIN)/python -m pytest -m importing

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest --quiet tests/test_style.py # words and sentences

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/python docs/refresh.py

fuzz: $(READY)
	FUZZ_EXAMPLES=10000 $(BIN)/python -m pytest -k "fuzz or random_specs"
	FUZZ_EXAMPLES=2000 $(BIN)/python -m pytest -m "" tests/backends/python -k "ruff or clean"
	FUZZ_EXAMPLES=100000 $(BIN)/python -m pytest -k test_mutated_cases

repair: $(READY)
	$(BIN)/python tests/repair_report.py

bench: $(READY)
	for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script; done

clean:
	rm -rf .venv build dist *.egg-info
