# `make demo` and `make test` are all a fresh machine needs: Python 3.11 or newer and make.
# setup is done again only when a lock or pyproject.toml changed.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test reliability check format bench lock docs container clean

setup: $(READY)

$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "esprestack needs Python 3.11 or newer: none found (set PYTHON=/path/to/python)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/esprestack demo

test: setup
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not container and not reliability"

reliability: setup
	@$(BIN)/python -m pytest -n auto -m reliability --durations=3

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

container: setup
	@$(BIN)/python -m pytest -m container tests/container

bench: setup
	@$(BIN)/python bench/run.py

docs: setup
	@$(BIN)/python docs/generate.py

lock: setup
	@cd requirements && for f in runtime build dev; do ../$(BIN)/pip-compile --quiet --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-strip-extras --allow-unsafe -o $$f.txt $$f.in; done

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
