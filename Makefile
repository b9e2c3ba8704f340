# Targets for users and developers. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test faults fuzz sanitize lint format golden interop gpu-check bench methods defaults

python := .venv/bin/python
recipes := character style object 8gb fast best
swift_sources := Package.swift Sources Tests

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## installs system libraries and libtorch; returns at once if nothing is missing
	Scripts/bootstrap

build: setup ## builds the release binary, .build/release/lora-train
	swift build -c release --product lora-train

demo: build ## trains a drawn cricketer on the small base model in minutes, and scores the pictures
	swift build -c release --product demo-scores
	Scripts/demo $(if $(new),--new)

test: setup ## builds and runs all tests
	Scripts/browser
	swift build --build-tests
	Scripts/test

faults: setup ## 500 kills and power cuts at random points of trainings, each resumed to the end
	swift build --build-tests
	LORA_TRAIN_FAULTS=$(or $(kills),500) Scripts/test --filter CommandTests.*FaultTests

fuzz: setup ## tries random inputs on all readers, with libFuzzer: hours; targets=caption runs=1000 for less
	Scripts/fuzz --runs $(or $(runs),1000000) $(targets)

sanitize: setup ## checks memory, undefined behaviour and threads with the compiler's sanitizers
	Scripts/sanitize

lint: ## lists style errors
	swift format lint --strict --parallel --recursive $(swift_sources)

format: ## formats the sources
	swift format --in-place --parallel --recursive $(swift_sources)

golden: python-environment ## regenerates the reference values in Tests/Golden with diffusers
	$(python) Tests/Golden/make.py

# Uses the debug build of the tests. LORA_TRAIN=/path checks another binary.
interop: export LORA_TRAIN ?= $(CURDIR)/.build/debug/lora-train
interop: setup python-environment ## loads our files in diffusers and peft, and theirs in lora-train
	swift build --build-tests
	$(python) Tests/Interop/interop.py
	$(python) Tests/Interop/keys.py
	$(python) Tests/Interop/curves.py
	$(python) Tests/Interop/kinds.py
	$(python) Tests/Interop/trained.py
	$(python) Tests/Interop/ranks.py
	$(python) Scripts/bench/tests.py
	$(python) Scripts/methods.d/tests.py
	Scripts/test --filter HubTests.InteropTests

# Uses the debug builds of lora-train and of the tests. On a GPU: CONTRIBUTING.md, "Check a GPU machine".
gpu-check: export LORA_TRAIN ?= $(CURDIR)/.build/debug/lora-train
gpu-check: setup python-environment ## runs the check of a GPU machine on the CPU, with tiny shapes
	swift build --build-tests
	$(python) Scripts/gpu-check --device cpu --output .build/gpu-check

defaults: build ## writes Configs/default.yaml and Configs/recipes from the declarations in the program
	cd .build && release/lora-train train --print-config > $(CURDIR)/Configs/default.yaml
	for name in $(recipes); do \
	  (cd .build && release/lora-train train --print-recipe $$name) > Configs/recipes/$$name.yaml; \
	done

# only=200m-bf16,drawing-bf16 measures some rows, rounds=12 more often, models=FOLDER keeps the random models.
bench: build python-environment ## measures speed and memory beside diffusers, peft and kohya's settings
	$(python) Scripts/bench/bench.py $(if $(only),--only $(only)) $(if $(rounds),--rounds $(rounds)) \
	  $(if $(models),--models $(models))

# only=prodigy,lion runs some methods, jobs=2 two trainings at a time. Runs that are in Benchmarks/methods.json are not repeated.
methods: build python-environment ## trains the demo model with each method until it draws the subject, and compares: hours
	swift build -c release --product demo-scores
	$(python) Scripts/methods $(if $(only),--only $(only)) $(if $(jobs),--jobs $(jobs))

.PHONY: python-environment
python-environment:
	Scripts/python-environment
