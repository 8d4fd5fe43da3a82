# Every target works from a fresh clone; CI calls the same ones.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
ALONE := tests/e2e/test_reprocessing.py

.PHONY: help setup jars run proto docs samples check lint types test test-unit faults up down bench lock clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready  ## Make the virtual environment from the lock

$(VENV)/.ready: requirements.lock pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Footfall needs Python 3.11 or newer, this is %d.%d: set PYTHON=…" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# uv installs the lock in seconds; it comes from the lock itself
	@awk '/^[^ #]/ {wanted = /^uv==/} wanted' requirements.lock > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable clients/python --editable .
	@touch $@

jars: setup  ## Fetch the jars of Kafka and Druid, which `make up` and the tests do by themselves
	$(BIN)/python -m footfall_local.jars .footfall/jars

run: setup  ## Run all of Footfall in one process; it needs nothing but Python
	@$(BIN)/footfall serve --embedded

proto: setup  ## Generate the code of the contracts
	$(BIN)/python protos/generate.py
	$(BIN)/python protos/openapi.py

docs: setup  ## Make the pages that are made from the code
	$(BIN)/python -m docs.generate

samples: setup  ## Store a sample of everything new that travels or is kept
	$(BIN)/python -m tests.samples

check: setup lint types  ## Everything that needs no service: format, lint, types, layers, contracts, stale generated files

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/buf lint
	$(BIN)/lint-imports --no-cache
	$(BIN)/python protos/generate.py --check
	$(BIN)/python protos/openapi.py --check
	$(BIN)/python -m docs.generate --check

types: setup
	$(BIN)/mypy

test: setup  ## All tests: unit, and integration on real Kafka, Druid and Redis
	$(BIN)/python -m pytest --ignore=$(ALONE)
	@# it has a stack of its own, and two at once slow each other down
	$(BIN)/python -m pytest $(ALONE)

test-unit: setup  ## Tests that need no service
	$(BIN)/python -m pytest tests/unit

faults: setup  ## Kill and freeze parts at random under load, and count; takes long
	$(BIN)/python -m tests.faults

up: setup  ## Start the whole system on this machine
	@$(BIN)/footfall up

down: setup  ## Stop it
	@$(BIN)/footfall down

bench: setup  ## Measure the hot path
	$(BIN)/python -m benchmarks

lock: setup  ## Resolve requirements.lock anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra local --extra dev --no-emit-package footfall --output-file requirements.lock pyproject.toml

clean:  ## Remove the virtual environment and everything that was fetched or stored
	rm -rf $(VENV) .footfall .mypy_cache .ruff_cache .pytest_cache
