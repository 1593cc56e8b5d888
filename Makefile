# What can be done here, each with all the set-up it needs: `make help`.

PYTEST_WORKERS ?= 4
TURNS ?= 20
BIN := .venv/bin

.PHONY: help run test faults bench lint format lock clean setup-run setup-dev

help: ## Show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: setup-run ## Run the whole system on the sample region, on this machine only; Ctrl-C ends it
	@$(BIN)/callflow run

test: setup-dev ## Run every test, on real Asterisk, PostgreSQL and SIP phones; all branches of callflow/policy are covered
	@$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadgroup --cov --cov-report= $(PYTEST_ARGUMENTS) </dev/null
	@$(BIN)/coverage report --include='callflow/policy/*' --skip-covered --show-missing --fail-under=100

faults: setup-dev ## Run every fault (tests/e2e/faults) TURNS times, 20 unless said, each time in another order
	@for turn in $$(seq $(TURNS)); do \
	  echo "turn $$turn of $(TURNS)"; \
	  $(BIN)/pytest -n $(PYTEST_WORKERS) $(PYTEST_ARGUMENTS) tests/e2e/faults </dev/null || exit 1; \
	done

bench: setup-dev ## Measure what docs/adr/ and the aims speak of, on this machine, and print the figures
	@$(BIN)/pytest -q -s --timeout 600 bench </dev/null

lint: setup-dev ## Check that the locks are whole, format, style, types, imports between parts, SQL of the migrations and docker/compose.yaml
	@$(BIN)/python -m pip check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/squawk db/versions/*/*.sql
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker/compose.yaml

format: setup-dev ## Format the code and repair what the linter can repair
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format --quiet

lock: setup-dev ## Lock the newest versions that pyproject.toml allows, with hashes, into requirements/
	@scripts/lock

clean: ## Remove what was made in this folder (not the home folder of a running system)
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

setup-run:
	@scripts/bootstrap run

setup-dev:
	@scripts/bootstrap dev
