# The front door. Every target installs what it needs from Debian's packages first (nothing when all is there).
SHELL := /bin/sh
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
HOST_ARCH := $(shell dpkg --print-architecture)
IMAGE_ARCHES ?= $(HOST_ARCH)
KERNEL_ARCHES ?= $(HOST_ARCH)
GUEST_PROGRAMS := driver_live_test capture_test app_test act act32 workload
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help deps build run test unit live bench memory fuzz format lint image deb arm64 arm64-unit kernels asan tsan clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages that building and testing need
	@tools/install-deps

build: deps ## build/bin/saker
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)

run: build ## watch this machine with the shipped rules; alerts in this terminal (root)
	@$(SUDO) build/bin/saker -c saker.yaml

test: build ## all tests: units, deployment, then live ones (root; skipped where the probe cannot run); a total closes
	-@tools/install-deps --image # without it the image is not tried
	@tools/run-tests

unit: build
	@ctest --test-dir build --output-on-failure -L unit

live: build ## live tests alone (root); HOOKS=each: with a hook for each wanted call, one: with one for all, functions: at functions
	@$(SUDO) env SAKER_HOOKS=$(HOOKS) tests/live/run

memory: build ## the memory test at its full size: 200,000 processes, a minute of 10,000 alerts a second (root; 8 GiB)
	@cd tests/live && $(SUDO) env SAKER_MEMORY_PROCESSES=200000 SAKER_MEMORY_SECONDS=60 python3 test_memory.py

bench: build ## what the agent costs, next to no agent and to an empty program (root); what the engine alone does
	@$(SUDO) python3 bench/run.py
	@bench/engine

fuzz: ## each fuzz target for FUZZ_SECONDS (60)
	@tools/install-deps --fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	@for target in build/fuzz/bin/*_fuzz; do \
	  name=$$(basename $$target); mkdir -p build/fuzz/corpus/$$name; echo "== $$name"; \
	  $$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	    build/fuzz/corpus/$$name $$(ls -d fuzz/corpus/$$name 2>/dev/null) >build/fuzz/$$name.log 2>&1 \
	    || { tail -40 build/fuzz/$$name.log; exit 1; }; \
	  grep -E 'stat::(number_of_executed_units|new_units_added)' build/fuzz/$$name.log; \
	done

format: ## clang-format all sources
	@tools/install-deps --lint
	@git ls-files '*.h' '*.cc' | grep -v '^probe/' | xargs clang-format-19 -i

lint: build ## clang-tidy
	@tools/install-deps --lint
	@git ls-files 'src/*.cc' | grep -v _test.cc | xargs -P $(JOBS) -n 4 clang-tidy-19 -p build --quiet \
	  --extra-arg=-Wno-unknown-warning-option

image: build $(filter-out $(HOST_ARCH),$(IMAGE_ARCHES)) ## the container image, as an OCI archive below build/image: IMAGE_ARCHES="amd64 arm64"
	@tools/install-deps --image
	@deploy/image/build $(foreach arch,$(IMAGE_ARCHES),--arch $(arch))

deb: build ## build/saker_VERSION_ARCH.deb, with systemd units
	@cd build && cpack -G DEB | grep generated

arm64: ## cross-compile: build/arm64/bin/saker and saker-relay
	@tools/install-deps --arm64
	@cmake --preset arm64 >/dev/null
	@cmake --build --preset arm64 -j $(JOBS) --target saker saker-relay

arm64-unit: arm64 ## the unit tests of the arm64 build and the tests of its relay, by emulation
	@tools/install-deps --kernels
	@cmake --build --preset arm64 -j $(JOBS)
	@ctest --test-dir build/arm64 --output-on-failure -L unit
	@printf '#!/bin/sh\nexec qemu-aarch64-static -L %s %s "$$@"\n' $(CURDIR)/build/arm64-sysroot $(CURDIR)/build/arm64/bin/saker-relay \
	  >build/arm64/saker-relay-emulated && chmod +x build/arm64/saker-relay-emulated
	@SAKER_RELAY=$(CURDIR)/build/arm64/saker-relay-emulated tests/relay/run

kernels: build $(filter-out $(HOST_ARCH),$(KERNEL_ARCHES)) ## boot Debian's kernels by emulation and try the agent in each: KERNEL_ARCHES="amd64 arm64"; writes docs/kernels.md
	@tools/install-deps --kernels
	@$(if $(filter-out $(HOST_ARCH),$(KERNEL_ARCHES)),cmake --build --preset arm64 -j $(JOBS) --target $(GUEST_PROGRAMS))
	@tests/kernels/run $(foreach arch,$(KERNEL_ARCHES),--arch $(arch))

asan: deps ## unit tests with the address and undefined-behaviour sanitizers
	@cmake --preset asan >/dev/null && cmake --build --preset asan -j $(JOBS)
	@ctest --test-dir build/asan --output-on-failure -L unit

tsan: deps ## unit tests with the thread sanitizer
	@cmake --preset tsan >/dev/null && cmake --build --preset tsan -j $(JOBS)
	@ctest --test-dir build/tsan --output-on-failure -L unit

clean: ## remove build/
	@rm -rf build
