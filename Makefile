# make serve  start the server and the editor at http://127.0.0.1:8188
# make demo   render workflows/text_to_image.json (sets everything up on first use)
# make test   run all tests                make check   format, lint, types, layers
# make bench  measure speed and memory against their limits
# make editor build web/ again after a change

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PACKAGES := web/node_modules/.package-lock.json
EDITOR := web/dist/index.html

.PHONY: serve demo test check bench format editor clean

serve: $(READY) $(EDITOR)
	@$(BIN)/weft serve

demo: $(READY)
	@$(BIN)/weft run workflows/text_to_image.json

test: $(READY) $(EDITOR)
	npm --prefix web run --silent test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile  # one thread each: two on two cores spin

check: $(READY) $(PACKAGES)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm --prefix web run --silent check

bench: $(READY) $(EDITOR)
	$(BIN)/python bench/engine.py
	$(BIN)/python bench/cache.py
	$(BIN)/python bench/memory.py
	$(BIN)/python bench/sampling.py
	$(BIN)/python bench/pipelines.py
	$(BIN)/python bench/patches.py
	$(BIN)/python bench/templates.py
	$(BIN)/python bench/load.py
	$(BIN)/python bench/adherence.py
	$(BIN)/python bench/gpu.py
	$(BIN)/python bench/editor.py
	$(BIN)/python bench/serving.py
	$(BIN)/python bench/packs.py

format: $(READY) $(PACKAGES)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	npm --prefix web run --silent format

editor: $(EDITOR)

$(PACKAGES): web/package-lock.json
	npm --prefix web ci --silent

$(EDITOR): $(PACKAGES) web/index.html web/vite.config.ts $(shell find web/src web/types -type f)
	npm --prefix web run --silent build

# torch comes first and pinned: on machines without a GPU an unpinned torch brings gigabytes of CUDA.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(READY)

clean:
	rm -rf .venv build dist web/dist web/node_modules
