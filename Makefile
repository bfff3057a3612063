# Every target creates what it needs: Python >= 3.11, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help up test check bench docs format lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

up: $(VENV)/.runtime ## Run the whole house: PostgreSQL, Valkey, API (ARGS="--port 8001")
	@exec "$(CURDIR)/$(BIN)/esteio" up $(ARGS)

test: $(VENV)/.dev ## Run every test on real engines (ARGS="-k limits")
	@$(BIN)/python -m pytest -n logical --dist loadfile $(ARGS)

check: $(VENV)/.dev ## Lint, types, floors: what CI runs beside the tests
	@$(BIN)/ruff check src tests bench
	@$(BIN)/ruff format --check src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## Rewrite the code in the house style
	@$(BIN)/ruff check --fix src tests bench
	@$(BIN)/ruff format src tests bench

bench: .venv-bench/.ready ## Measure against the peers, side by side (writes bench/results.json, docs/performance.md)
	@.venv-bench/bin/python -m bench $(ARGS)

docs: $(VENV)/.dev ## Write .env.example and the OpenAPI documents (docs/openapi/)
	@$(BIN)/esteio check-config --example > .env.example
	@mkdir -p docs/openapi
	@for v in v1 v2; do ESTEIO_SECRET_KEY=only-for-printing-the-documents-0000 \
		ESTEIO_DATABASE__URL=postgresql:///esteio ESTEIO_REDIS__URL=redis://localhost $(BIN)/esteio openapi --version $$v > docs/openapi/$$v.json; done

lock: $(VENV)/.dev ## Resolve the dependencies anew (hashes, no addresses)
	@$(PIP) install uv
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) --all-extras pyproject.toml -o requirements.lock
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) --all-extras --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) bench/requirements.in -c requirements-dev.lock -o bench/requirements.lock

LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-build-options

clean: ## Remove the virtual environments and caches (the data in .esteio stay)
	@rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Esteio needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "This Python cannot make virtual environments: install your system's python3-venv package."; exit 1; }

$(VENV)/.runtime: $(BIN)/python requirements.lock pyproject.toml
	@echo "Installing Esteio into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv-bench/.ready: bench/requirements.lock pyproject.toml
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r bench/requirements.lock
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@
