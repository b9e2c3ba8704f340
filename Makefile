# What one types while working here; `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test faults sanitize lint format golden interop bench defaults

python := .venv/bin/python
swift_sources := Package.swift Sources Tests

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## system libraries, Swift and libtorch; returns at once when nothing is missing
	Scripts/bootstrap

build: setup ## the release binary, .build/release/lora-train
	swift build -c release --product lora-train

demo: build ## trains a drawn cricketer on the small base model, in minutes, and scores him
	swift build -c release --product demo-scores
	Scripts/demo $(if $(new),--new)

test: setup ## all tests
	swift build --build-tests
	Scripts/test

faults: setup ## kills and power cuts at 500 random points of a training, each continued to the end
	swift build --build-tests
	LORA_TRAIN_FAULTS=$(or $(kills),500) Scripts/test --filter CommandTests.*FaultTests

sanitize: setup ## memory, undefined behaviour and threads, with the compiler's sanitizers
	Scripts/sanitize

lint: ## style errors, without changing anything
	swift format lint --strict --parallel --recursive $(swift_sources)

format: ## writes the style into the sources
	swift format --in-place --parallel --recursive $(swift_sources)

golden: python-environment ## regenerates the reference values in Tests/Golden with diffusers
	$(python) Tests/Golden/make.py

# The build of the tests serves here too; LORA_TRAIN=/path checks another binary.
interop: export LORA_TRAIN ?= $(CURDIR)/.build/debug/lora-train
interop: setup python-environment ## our files in diffusers and peft, and theirs in ours
	swift build --product lora-train
	$(python) Tests/Interop/interop.py

defaults: build ## Configs/default.yaml, from the declarations of the options
	cd .build && release/lora-train train --print-config > $(CURDIR)/Configs/default.yaml

bench: build python-environment ## speed and memory beside diffusers and peft
	$(python) Scripts/bench/bench.py
	$(python) Scripts/bench/drawing.py

.PHONY: python-environment
python-environment:
	Scripts/python-environment
