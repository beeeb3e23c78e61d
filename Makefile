# Two commands matter: `make demo` and `make test`. Both set up whatever they need, in .venv.

PYTHON ?= python3
PORT ?= 8501
WORKERS ?= 2
# Further arguments for pytest: make test ARGS="tests/geo -k terrain"
ARGS ?=
# For the set-up: --no-uv installs with pip alone
SETUP_FLAGS ?=
# For the pins: UPGRADE=--upgrade takes the newest versions that pyproject.toml allows
UPGRADE ?=

BIN := .venv/bin
SETUP := $(PYTHON) tools/setup.py $(SETUP_FLAGS)
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url \
	--no-emit-find-links --python-version 3.11 --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format lock bench clean

help: ## this list
	@echo "Qafila. Targets:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: ## set up .venv with the pinned packages and the project
	@$(SETUP)

demo: install ## build the demonstration and serve it (PORT=8501)
	@exec $(BIN)/qafila demo --port $(PORT)

test: ## run every test, the browser's too (ARGS="tests/geo -k terrain")
	@$(SETUP) --browser
	@$(PYTHON) tools/database.py $(BIN)/python -m pytest -q -n $(WORKERS) $(ARGS)

lint: install ## style, format, types and the layer contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## put the code into the house format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: install ## pin again after a change of pyproject.toml (UPGRADE=--upgrade for newer versions)
	@test -x $(BIN)/uv || { echo "make lock needs uv in .venv: run make clean install"; exit 2; }
	$(COMPILE) $(UPGRADE) pyproject.toml --group dev -o requirements.lock
	$(COMPILE) $(UPGRADE) --group bootstrap -o tools/bootstrap.lock

bench: install ## run the benchmarks, one JSON line a figure
	@for script in benchmarks/[a-z]*.py; do \
		test -e "$$script" || { echo "benchmarks/ holds no script"; exit 2; }; \
		$(BIN)/python "$$script" || exit $$?; \
	done

clean: ## remove .venv and what tools left behind (no situation is touched)
	rm -rf .venv dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
