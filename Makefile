# `make forecast` runs the main command on bundled real data; `make test` runs all tests. Both set everything up.
# `make torture` tries to break it, for half an hour. `make coverage` shows lines and branches that no test passes, and
# `make mutate` changes of the mathematics that no test notices.
PYTHON ?= python3
BIN := .venv/bin
# these variables would make NumPy's BLAS treat this CPU as another model
UNDISTURBED := env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE
BUILT_FROM := pyproject.toml CMakeLists.txt $(wildcard native/*.?pp native/*/*.hpp)
export UNROLLED_REQUIRE_NATIVE := 1
# folder of public data sets
DATA ?= ../shared/data

.PHONY: forecast test check format coverage torture mutate pretrain everyday bench accuracy files statistical bench-neuralforecast sanitize sanitize-threads clean

forecast: .venv/installed
	$(BIN)/unrolled forecast examples/air_passengers.csv --horizon 12 --out forecast

test: .venv/developing
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

check: .venv/developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: .venv/developing
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Lines and branches that no test passes, processes of their own included; it fails below the limit in pyproject.toml.
# Without torture, whose killed processes leave no measurements, or damaged ones.
coverage: .venv/developing
	rm -f .coverage*
	OMP_NUM_THREADS=1 $(BIN)/coverage run -m pytest -n 2 --dist worksteal --ignore tests/torture
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Kills, full disks, damaged files, signals, threads, extreme numbers and more. TORTURE gives kinds and options of
# tests/torture, as in TORTURE="kills --tries 50".
torture: .venv/developing
	$(BIN)/python -m tests.torture $(TORTURE)

# Mutation testing of the mathematics; MUTATE gives files and options of tools/mutate.py, as in MUTATE="--sample 100".
mutate: .venv/developing
	$(BIN)/python tools/mutate.py $(MUTATE)

# The training of the pretrained network, on synthetic series only: about an hour on two cores. It continues after an
# interruption. PRETRAIN gives options of tools/pretrain.py.
pretrain: .venv/developing
	mkdir -p build
	OMP_NUM_THREADS=1 $(BIN)/python tools/pretrain.py build/network.safetensors $(PRETRAIN)

# Everyday series of DATA, forecast by the pretrained network, by networks trained on them, by both, by statistical
# methods and by Prophet, compared with the best simple rule of each; writes the table of docs/pretrained.md. EVERYDAY gives options
# of everyday.py.
everyday: .venv-everyday/installed
	mkdir -p build
	$(UNDISTURBED) .venv-everyday/bin/python benchmarks/everyday.py $(DATA) \
	  --methods zero-shot,trained,both,MSTL,AutoTheta,Prophet --output build/everyday.json --document $(EVERYDAY)

# Speed compared with PyTorch, JAX, ONNX Runtime and Keras on this machine, in an environment of their own.
bench: .venv-bench/installed
	$(UNDISTURBED) .venv-bench/bin/python benchmarks/speed.py \
	  --output benchmarks/results/speed.json

# Accuracy on public data sets: DATA is the folder that holds them. ACCURACY gives options of run.py, as in
# ACCURACY="--only m4-hourly --validation".
accuracy: .venv/developing
	$(UNDISTURBED) $(BIN)/python benchmarks/accuracy/run.py $(DATA) $(ACCURACY)
	$(BIN)/python benchmarks/accuracy/document.py

# Forecasts of the public files in messy/ and classics/ of DATA; writes the table of docs/files.md.
files: .venv/installed
	$(UNDISTURBED) $(BIN)/python benchmarks/files.py $(DATA) $(FILES)

# Statistical methods and NeuralForecast's LSTM on the training parts of this data, in environments of their own.
statistical: .venv-statistical/installed
	$(UNDISTURBED) .venv-statistical/bin/python benchmarks/accuracy/statistical.py $(DATA)
	.venv-statistical/bin/python benchmarks/accuracy/document.py

bench-neuralforecast: .venv-neuralforecast/installed
	$(UNDISTURBED) .venv-neuralforecast/bin/python benchmarks/accuracy/lstm_contest.py $(DATA)
	.venv-neuralforecast/bin/python benchmarks/accuracy/document.py

# The native tests under AddressSanitizer and UBSan. The runtime libraries must be loaded before Python; leaks are not
# reported, because Python itself leaks on purpose.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
sanitize: .venv-sanitize/installed
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
	  LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
	  .venv-sanitize/bin/python -m pytest -s -p no:cacheprovider tests/nn/engines tests/nn/test_program.py tests/properties

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
	.venv-bench/bin/python -m pip install --quiet -e . 'torch==2.13.0' jax keras onnx onnxruntime threadpoolctl
	@touch $@

.venv-statistical/installed:
	$(PYTHON) -m venv .venv-statistical
	.venv-statistical/bin/python -m pip install --quiet 'statsforecast==2.1.1' utilsforecast
	@touch $@

.venv-everyday/installed: $(BUILT_FROM)
	$(PYTHON) -m venv .venv-everyday
	.venv-everyday/bin/python -m pip install --quiet -e '.[baselines]' 'prophet==1.5.0'
	@touch $@

.venv-neuralforecast/installed: $(BUILT_FROM)
	$(PYTHON) -m venv .venv-neuralforecast
	.venv-neuralforecast/bin/python -m pip install --quiet -e . 'torch==2.13.0' 'neuralforecast==3.3.0'
	@touch $@

# Searches for data races. This needs Clang, whose OpenMP tells its ThreadSanitizer about barriers, with the libraries
# of both (on Debian: clang, libomp-dev, libclang-rt-dev).
CLANG ?= clang++
sanitize-threads:
	mkdir -p build/threads
	for set in "avx512 64 -mavx2 -mfma -mavx512f -mavx512vl -mavx512dq -mavx512bw" "avx2 32 -mavx2 -mfma" "portable 16"; do \
	  set -- $$set; name=$$1; bytes=$$2; shift 2; \
	  $(CLANG) -std=c++20 -O1 -g -fsanitize=thread -fopenmp -fno-exceptions $$* -DUNROLLED_INSTRUCTION_SET=$$name \
	    -DUNROLLED_VECTOR_BYTES=$$bytes -c native/kernels.cpp -o build/threads/$$name.o || exit 1; \
	done
	$(CLANG) -std=c++20 -O1 -g -fsanitize=thread -fopenmp native/checks/threads.cpp build/threads/*.o -o build/threads/check
	TSAN_OPTIONS=suppressions=native/checks/threads.supp build/threads/check

.venv-sanitize/installed: $(BUILT_FROM)
	$(PYTHON) -m venv .venv-sanitize
	CXXFLAGS="$(SANITIZE)" LDFLAGS="$(SANITIZE)" .venv-sanitize/bin/python -m pip install --quiet '.[dev]' \
	  -Ccmake.build-type=RelWithDebInfo -Cinstall.strip=false
	@touch $@

clean:
	rm -rf .venv .venv-bench .venv-statistical .venv-everyday .venv-neuralforecast .venv-sanitize build forecast dist .coverage* .pytest_cache .mypy_cache .ruff_cache
