# Two commands are enough: `make run` and `make test`. `make help` lists the others.
.DEFAULT_GOAL := help
PYTHON3 ?= python3
BIN := .venv/bin
ROOMS := geo ingest layers tiles portal yukimichi

.PHONY: help run test test-qgis check reading lint types contracts docs conformance reference clean-data clean format lock bench-match bench-serve drill-crash drill-requests ready ready-dev

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: ready ## install what is missing, start the database, load the demo, serve on 127.0.0.1:8000
	@$(BIN)/yukimichi up

# Four processes on two cores, since tests wait for databases, browsers and brokers more than they count; a file of
# tests stays in one process, and each process has a PostGIS of its own.
TESTERS ?= 4
test: ready-dev ## run the tests; they start PostGIS of their own. PYTEST="-k word" runs some, in one process
ifdef PYTEST
	@$(BIN)/pytest $(PYTEST)
else
	@$(BIN)/pytest -n $(TESTERS) --dist loadfile --durations 25
endif

# QGIS comes with the Python of the system. QGIS=write makes the picture of the docs and its reference anew.
QGIS ?= yes
test-qgis: ready-dev ## test the exported project in QGIS itself; installs it by apt-get, about 1 GB, takes minutes
	@/usr/bin/python3 -c "import qgis.core" 2> /dev/null || { SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; $$SUDO apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive $$SUDO apt-get -qq install -y --no-install-recommends python3-qgis qgis-providers; }
	@YUKI_QGIS=$(QGIS) $(BIN)/pytest tests/qgis

check: ## all that CI runs; kernels compile beside what reads the sources only
	@$(PYTHON3) bootstrap.py dev --without-kernels
	@$(MAKE) --no-print-directory -j 2 --output-sync=target READY= ready-dev reading
	@$(MAKE) --no-print-directory test

# What runs no code of ours. Within `check` everything is installed already, and READY is empty.
READY = ready-dev
reading: lint types contracts docs

lint: $(READY) ## ruff: style and format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY) ## mypy, strict
	@$(BIN)/mypy

contracts: $(READY) ## import-linter: arrows point down, the core stays pure
	@$(BIN)/lint-imports --no-cache

docs: $(READY) ## build the docs, warnings are errors
	@$(BIN)/python -m mkdocs build --strict --quiet --site-dir .yuki-site && rm -rf .yuki-site

conformance: ready-dev ## the abstract tests of the OGC's standards, and their table in docs/conformance.md
	@PYTHONPATH=tests $(BIN)/python -m conformance.report docs/conformance.md

reference: ready-dev ## write the generated pages of the docs
	@$(BIN)/python -m yukimichi.reference docs/reference

format: ready-dev ## let ruff mend what it can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench-match: ready-dev .venv-peers/made ## our matcher beside Valhalla and OSRM; needs YUKI_DATA, takes minutes
	@$(BIN)/python -m benchmarks.bench_match --peers .venv-peers/bin/python --write docs/matching-peers.md

drill-crash: ready-dev ## kill web process, worker and database at random during a replay and compare; takes minutes
	@$(BIN)/pytest -m drill tests/yukimichi/test_crash.py && $(BIN)/python -m benchmarks.drill_crash

bench-serve: ready-dev .venv-peers-serve/made ## our tiles and items beside tipg and pygeoapi; installs wrk and nginx, takes minutes
	@$(BIN)/python -m benchmarks.bench_serve --peers .venv-peers-serve/bin --write docs/benchmarks-serve.md

drill-requests: ready-dev ## the requests of a storm, with the database stopped in the middle; takes about three minutes
	@$(BIN)/python -m benchmarks.drill_requests

.venv-peers-serve/made: requirements-peers-serve.lock | ready-dev
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-peers-serve
	@$(BIN)/uv pip install -q --python .venv-peers-serve/bin/python --require-hashes -r requirements-peers-serve.lock
	@touch $@

.venv-peers/made: requirements-peers.lock | ready-dev
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-peers
	@$(BIN)/uv pip install -q --python .venv-peers/bin/python --require-hashes -r requirements-peers.lock
	@touch $@

clean-data: ready ## delete the private database and all loaded data
	@$(BIN)/yukimichi clean-data --yes

clean: ## delete the virtual environment and caches
	@rm -rf .venv .venv-peers .venv-peers-serve .mypy_cache .ruff_cache .pytest_cache

lock: ready-dev ## pin the newest versions that resolve together
	@$(BIN)/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@for peers in peers peers-serve; do \
	  $(BIN)/python -c "import sys, tomllib as t; p = t.load(open('pyproject.toml', 'rb'))['project']; \
	  print(*p['optional-dependencies'][sys.argv[1]], sep='\n')" $$peers | $(BIN)/uv pip compile -q --universal \
	  --python-version 3.12 --generate-hashes --no-emit-index-url --no-header --upgrade - -o requirements-$$peers.lock; \
	done

ready:
	@$(PYTHON3) bootstrap.py run

ready-dev:
	@$(PYTHON3) bootstrap.py dev
