# Two commands do everything on a machine with Python >= 3.11: `make demo` and `make test`.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: setup setup-dev clients demo test test-quick pictures attack bench bench-long check check-page format dist clean lock

setup: .venv/.installed
setup-dev: .venv/.installed-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新 / Python 3.11 or newer is needed"; exit 2; }
	@echo "第一次用：正在准备环境（.venv）… / first time: making the environment …"
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.txt pyproject.toml
	@echo "正在下载和安装，一般不到一分钟… / downloading and installing, a minute at most …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "装好了。 / installed."
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# What the system trusts is good enough for node, which has a list of its own.
NPM = NODE_EXTRA_CA_CERTS=$${NODE_EXTRA_CA_CERTS:-$(wildcard /etc/ssl/certs/ca-certificates.crt)} npm

# Other people's bots, for tests/gateway/test_clients.py: aiogram, which can't live beside our packages, and grammY where node is.
clients: .clients/.installed

.clients/.installed: tests/clients/requirements.txt
	$(PYTHON) -m venv .clients/py
	.clients/py/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/clients/requirements.txt
	$(NPM) install --prefix .clients --silent --no-package-lock --no-audit --no-fund grammy@1.46.0 || echo "npm is absent, or finds no registry: no grammY"
	@touch $@

demo: setup
	@$(BIN)/chuishao demo

# What reads the page's own files over: pinned in tests/lint, where node is.
.clients/lint/.installed: tests/lint/package-lock.json tests/lint/eslint.config.js
	mkdir -p .clients/lint && cp tests/lint/package.json tests/lint/package-lock.json tests/lint/eslint.config.js .clients/lint
	$(NPM) ci --prefix .clients/lint --silent --ignore-scripts --no-audit --no-fund
	@touch $@

PAGE = bot/page/static
LINT = cd .clients/lint && rm -rf page && cp -r ../../$(PAGE) page && npx --no-install
FORM = --print-width 120 "page/*.js" "page/*.css" "page/*.html"

check-page:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory .clients/lint/.installed && ($(LINT) eslint page) && ($(LINT) prettier --check $(FORM)); \
	elif [ -n "$$CI" ]; then echo "npm is absent"; exit 1; \
	else echo "没有 npm，页面的 JavaScript 没有检查 / npm is absent: the page's JavaScript isn't checked"; fi

check: setup-dev check-page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# What `check` asks for, done.
format: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory .clients/lint/.installed && $(LINT) eslint --fix page && npx --no-install prettier --write $(FORM) && cp page/* ../../$(PAGE)/; fi

test: check
	$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

# While working: SQLite, no browser, no process killed.
test-quick: setup-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not postgres and not browser and not slow" $(PYTEST_ARGS)

# Every screen of the four roles, to be looked at one by one; axe-core looks over each.
pictures: setup-dev
	$(BIN)/python -m tests.pictures

# What somebody who means harm can try, on the product as a user starts it: a table, in two minutes.
attack: setup-dev
	$(BIN)/python -m tests.attack

# A wheel that needs no checkout.
dist: setup
	$(BIN)/python -m hatchling build -t wheel -d dist

bench: setup-dev
	$(BIN)/python -m tests.bench

bench-long: setup-dev
	$(BIN)/python -m tests.bench --long
	$(BIN)/python -m tests.bench.mutants

lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra build-tools pyproject.toml -o requirements.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra build-tools --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 tests/clients/requirements.in -o tests/clients/requirements.txt

clean:
	rm -rf .venv .clients dist pictures .pytest_cache .mypy_cache .ruff_cache .hypothesis
