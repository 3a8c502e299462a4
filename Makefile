# Everything runs from .venv, made from requirements.lock (exact versions, hashes checked).
VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
USABLE := $(VENV)/.usable
READY  := $(VENV)/.ready

.PHONY: help demo stop test tools clients check docs site bench soak format lock audit matrix wheel clean

help:            ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: $(USABLE)  ## start the gateway with the embedded engine and draw a first picture
	@$(BIN)/protobanana demo

stop: $(USABLE)  ## stop the gateway that `make demo` started
	@$(BIN)/protobanana demo --stop

test: check tools ## all checks and all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

clients: $(READY) tools ## other people's clients: SDKs from PyPI and npm, Open WebUI in a browser (a quarter of an hour, 8 GB)
	@$(BIN)/python -m pytest -m clients tests/clients

# Tests drive Debian's Chromium, get axe by npm, and start a Redis.
TOOLS := chromium npm redis-server
tools:
	@for tool in $(TOOLS); do command -v $$tool >/dev/null || missing=1; done; [ -z "$$missing" ] || { \
	  [ "$$(id -u)" = 0 ] || { echo "The tests need Debian packages: sudo apt-get install $(TOOLS)"; exit 1; }; \
	  echo "Installing $(TOOLS) (once) ..."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(TOOLS) >/dev/null; }

check: $(READY)  ## format, lint, strict types, generated documents (about a minute)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python tools/docs.py --check

docs: $(READY)   ## rewrite the generated tables of the documents
	@$(BIN)/python tools/docs.py

site: $(READY)   ## build the documents into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

format: $(READY) ## rewrite the sources in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

lock: $(READY)   ## resolve the newest versions that fit pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra proxy --extra tracing --extra models --extra gradio --extra mcp --extra ray --extra store --group dev \
	  pyproject.toml -o requirements.lock
	@printf 'hatchling>=1.27\neditables>=0.5\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --extra proxy --extra tracing --extra store --extra gradio \
	  -c requirements.lock pyproject.toml - -o deploy/requirements.lock

audit: $(READY)  ## known vulnerabilities of what the locks name, licences of all files (asks the internet)
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock
	@$(BIN)/pip-audit --require-hashes --disable-pip -r deploy/requirements.lock
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv tool run --quiet --from reuse reuse lint --quiet

matrix: $(READY) ## end-to-end tests with the oldest and the newest LiteLLM (a quarter of an hour)
	@$(BIN)/pip install --quiet uv
	@$(BIN)/python tools/matrix.py

bench: $(READY)  ## print what the gateway costs, beside a plain LiteLLM and ComfyUI itself (ten minutes)
	@$(BIN)/protobanana bench --litellm
	@$(BIN)/python tests/benchmarks/bench_ceiling.py
	@$(BIN)/python tests/benchmarks/bench_choosing.py
	@$(BIN)/python tests/benchmarks/bench_affinity.py
	@$(BIN)/python tests/benchmarks/bench_history.py
	@$(BIN)/python tests/benchmarks/bench_conversation.py

soak: $(READY) tools  ## 20,000 bad requests and 10,000 good ones: nothing breaks, nothing grows; servers killed under load (45 minutes)
	@SOAK=1 $(BIN)/python -m pytest -q -s -p no:randomly tests/faults/test_fuzz.py
	@$(BIN)/python -m pytest -q -s -p no:randomly -m soak

wheel: $(READY)  ## build the wheel and the source package into dist/: the same commit gives the same bytes
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/python -m build --no-isolation --outdir dist .

clean:           ## remove everything that was built
	rm -rf $(VENV) .clients .matrix dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

# What the gateway needs comes first: whoever types `make demo` waits for a picture.
$(USABLE): deploy/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@echo "Installing the gateway into $(VENV) (a minute or two, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(USABLE)

$(READY): requirements.lock $(USABLE)
	@echo "Installing what tests and checks need into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(READY)
