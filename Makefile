# What one types while working here; `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test faults lint format golden interop bench

export LORA_TRAIN ?= $(CURDIR)/.build/release/lora-train
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
	swift test --skip-build

faults: setup ## kills and power cuts at 500 random points of a training, each continued to the end
	swift build --build-tests
	LORA_TRAIN_FAULTS=$(or $(kills),500) swift test --skip-build --filter CommandTests.*FaultTests

lint: ## style errors, without changing anything
	swift format lint --strict --parallel --recursive $(swift_sources)

format: ## writes the style into the sources
	swift format --in-place --parallel --recursive $(swift_sources)

golden: python-environment ## regenerates the reference values in Tests/Golden with diffusers
	$(python) Tests/Golden/make.py

interop: build python-environment ## our files in diffusers and peft, and theirs in ours
	$(python) Tests/Interop/interop.py

bench: build python-environment ## speed and memory beside diffusers and peft
	$(python) Scripts/bench/bench.py
	$(python) Scripts/bench/drawing.py

.PHONY: python-environment
python-environment:
	Scripts/python-environment
