# Every command of this project. `make` lists them. A fresh machine needs Python 3.11+ and make;
# everything else is installed below .venv and .venvs, from the locked lists in tests/requirements.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
STAGE ?= dev
PORT ?= 8443
WORKERS ?= 2
CUSTOMERS ?= 2000
SEED ?= 1
EVENTS ?= 1000
SEEDS ?= 1

# Tools call home or ask questions unless told otherwise; uv must use the Python that is here.
export SAM_CLI_TELEMETRY := 0
export UV_PYTHON_DOWNLOADS := never
# Where nothing is kept compiled, each worker and each program that a test starts compiles it all.
unexport PYTHONDONTWRITEBYTECODE

uv := .venvs/uv/bin/uv
bin := .venv/bin
requirements := tests/requirements
environments := .venv/.installed .venvs/sam/.installed .venvs/emulator/.installed \
	.venvs/checkov/.installed
# Our modules are found here, as pytest's and mypy's settings in pyproject.toml have it too.
with_sources := PYTHONPATH=layers/core:.

##@ Use
.PHONY: help setup run intacct year simulate
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(environments) ## Install everything into .venv and .venvs (the other commands do so as needed)

run: .venv/.installed .venvs/sam/.installed .venvs/emulator/.installed ## The whole product on this machine: deploy, play a small business, tie out (KEEP=1 leaves it running)
	$(with_sources) $(bin)/python -m tests.sandbox $(if $(KEEP),--keep)

intacct: .venv/.installed ## A strict Intacct gateway alone, to test any client against (PORT=8443)
	$(with_sources) $(bin)/python -m tests.sandbox.intacct --port $(PORT)

year: .venv/.installed ## A business year in one process, judged by an oracle month by month (CUSTOMERS=2000)
	$(with_sources) $(bin)/python -m tests.year --customers $(CUSTOMERS)

simulate: .venv/.installed ## Storms over the whole product in one process; tells the shortest story of what is wrong and how to repeat it (SEED=1 EVENTS=1000 SEEDS=1)
	$(with_sources) PYTHONHASHSEED=0 $(bin)/python -m tests.simulation --seed $(SEED) --events $(EVENTS) --seeds $(SEEDS) \
		$(if $(STORMS),--storms $(STORMS)) $(if $(ONLY),--only $(ONLY)) $(if $(SPARE),--spare $(SPARE))

##@ Check
.PHONY: check test format-check lint types imports lint-template validate cfn-lint checkov \
	test-fast test-simulation test-emulator bench
check: ## The quick gate: everything but the emulator
	$(MAKE) --jobs $(WORKERS) --keep-going --output-sync=target --no-print-directory \
		format-check lint types imports lint-template
	$(MAKE) --no-print-directory test-fast

test: check ## All that CI runs
	$(MAKE) --no-print-directory test-simulation
	$(MAKE) --no-print-directory test-emulator

format-check: .venv/.installed
	$(bin)/ruff format --check .

lint: .venv/.installed
	$(bin)/ruff check .

types: .venv/.installed
	$(bin)/mypy

imports: .venv/.installed
	$(with_sources) $(bin)/lint-imports

lint-template: validate cfn-lint checkov ## Everything that can be said about the template without an account

# `sam validate` wants a region's name, though it asks nobody there. For these alone: a deployment
# goes where its operator's own settings say.
validate .sandbox/transformed.json: export AWS_DEFAULT_REGION ?= us-east-1
validate: .venvs/sam/.installed ## Let SAM validate the template
	.venvs/sam/bin/sam validate
	.venvs/sam/bin/sam validate --lint

# Both read the template as CloudFormation will see it: only there do they see the roles. What they
# are told to let pass stands in their settings, with the reason.
cfn-lint: .sandbox/transformed.json
	.venvs/sam/bin/cfn-lint --config-file tests/architecture/cfn-lint.yaml $<

checkov: .sandbox/transformed.json .venvs/checkov/.installed
	.venvs/checkov/bin/checkov --config-file tests/architecture/checkov.yaml --file $<

.sandbox/transformed.json: template.yaml tests/architecture/transform.py .venvs/sam/.installed
	mkdir -p $(@D)
	.venvs/sam/bin/python tests/architecture/transform.py > $@

# In the order of the files: first among them is what takes longest, the build.
test-fast: .venv/.installed .venvs/sam/.installed
	$(bin)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 10 \
		-m "not emulator and not simulation"

test-simulation: .venv/.installed
	$(bin)/pytest -n $(WORKERS) --dist worksteal -m simulation
	$(bin)/pytest -n $(WORKERS) --dist worksteal -m "hypothesis and not simulation" \
		--hypothesis-profile deep

# One worker: the tests share one emulator with the stack on it.
test-emulator: .venv/.installed .venvs/sam/.installed .venvs/emulator/.installed
	$(bin)/pytest -m emulator

bench: .venv/.installed .venvs/sam/.installed .venvs/emulator/.installed ## Measure: cost per movement, latency, cold start, memory
	$(with_sources) $(bin)/python -m tests.benchmarks

##@ Deploy
.PHONY: build deploy known-stage
build: .venvs/sam/.installed ## Build the packages for the runtime and architecture that the template names
	PATH="$(CURDIR)/.venvs/sam/bin:$$PATH" sam build

stages := $(shell sed -n 's/^\[\(.*\)\.deploy\.parameters\]$$/\1/p' samconfig.toml)
# Before the build, which takes a while.
known-stage:
	$(if $(filter $(STAGE),$(stages)),@:,$(error STAGE=$(STAGE) is none of: $(stages)))

deploy: known-stage build ## Build, then deploy to your own AWS account (STAGE=dev, staging or prod; see samconfig.toml)
	.venvs/sam/bin/sam deploy --config-env $(STAGE)

##@ Change
.PHONY: format golden docs lock clean
format: .venv/.installed ## Format the code and mend what the linter can mend
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

golden: .venv/.installed ## Rewrite the golden files; read the diff before you commit it
	UPDATE_GOLDEN=1 $(bin)/pytest -n $(WORKERS) tests/golden

docs: .venv/.installed ## Rewrite the parts of the docs that come from the code
	$(with_sources) $(bin)/python tests/architecture/test_docs.py
	$(with_sources) $(bin)/python tests/architecture/test_posting_table.py

lock: $(uv) ## Lock the requirements anew after a change to one of the .in files
	for name in layers/dependencies/requirements $(requirements)/{uv,sam,emulator,checkov,dev}; do \
		$(uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --output-file $$name.txt $$name.in; \
	done

clean: ## Remove everything that these commands made
	rm -rf .venv .venvs .aws-sam .sandbox .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf .import_linter_cache layers/core/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments: one stamp file each, older than its list of packages means install again.
$(uv): $(requirements)/uv.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or later is needed"'
	$(PYTHON) -m venv .venvs/uv
	.venvs/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

define install
	test -x $(@D)/bin/python || $(uv) venv --quiet --python $(PYTHON) $(@D)
	$(uv) pip sync --quiet --python $(@D)/bin/python --require-hashes $<
endef

# Editable, so that the command `tieout` runs the code that is here.
.venv/.installed: $(requirements)/dev.txt layers/dependencies/requirements.txt pyproject.toml | $(uv)
	$(install)
	$(uv) pip install --quiet --python $(@D)/bin/python --no-deps --no-build-isolation --editable .
	touch $@

.venvs/%/.installed: $(requirements)/%.txt | $(uv)
	$(install)
	touch $@
