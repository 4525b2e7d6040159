# `make forecast` runs the main job on bundled real data; `make test` passes all tests. Both set everything up.
PYTHON ?= python3
BIN := .venv/bin
BUILT_FROM := pyproject.toml CMakeLists.txt $(wildcard native/*.?pp native/cells/*.hpp)
export UNROLLED_REQUIRE_NATIVE := 1

.PHONY: forecast test check format bench clean

forecast: .venv/installed
	$(BIN)/unrolled forecast examples/air_passengers.csv --horizon 12 --out forecast

test: .venv/developing
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: .venv/developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: .venv/developing
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Training steps against PyTorch, side by side, in an environment of their own.
bench: .venv-bench/installed
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE .venv-bench/bin/python benchmarks/train_step.py \
	  --output benchmarks/results/train_step.json

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "unrolled needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

.venv/developing: .venv/bin/python $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ .venv/installed

.venv-bench/installed: $(BUILT_FROM)
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -e . 'torch==2.13.0'
	@touch $@

clean:
	rm -rf .venv .venv-bench forecast build dist .pytest_cache .mypy_cache .ruff_cache
