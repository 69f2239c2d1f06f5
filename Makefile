# The front door. `make help` lists what there is; each target installs the Debian packages that it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
TREES := release shared asan tsan
stores := redis etcd postgres mysql
switch_stores = -DHOLDFAST_REDIS=$(1) -DHOLDFAST_ETCD=$(1) -DHOLDFAST_POSTGRES=$(1) -DHOLDFAST_MYSQL=$(1)
quietly := scripts/quietly
# Asked when a recipe runs, since the recipe's first step may have installed things.
configure = cmake --preset $(1) $$(command -v ccache >/dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
build = cmake --build build/$(1) -j $(JOBS)

.PHONY: help packages build demo test bench lint format install clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:
	@scripts/install-packages demo $(stores)

# A tree that has the stores already is left as it is, so that a build between two tests rebuilds nothing.
build: packages ## The command, at build/release/holdfast, with every store
	@grep -q HOLDFAST_MYSQL:BOOL=ON build/release/CMakeCache.txt 2>/dev/null || \
	  $(quietly) "configuring build/release" $(call configure,release) -DHOLDFAST_TESTS=OFF $(call switch_stores,ON)
	@$(quietly) "building build/release/holdfast" $(call build,release) --target holdfast_cli examples

# Needs nothing but the embedded store; where the others are there already, they stay.
demo: ## 8 processes count to 1600 under one lock, and without it
	@scripts/install-packages demo
	@[[ -f build/release/build.ninja ]] || \
	  $(quietly) "configuring build/release" $(call configure,release) -DHOLDFAST_TESTS=OFF $(call switch_stores,OFF)
	@$(quietly) "building build/release/holdfast" $(call build,release) --target holdfast_cli examples
	@scripts/demo

test: ## Everything: release, shared libraries, address+undefined and thread sanitizers
	@scripts/install-packages demo $(stores) test
	@for tree in $(TREES); do \
	  options=(); \
	  if [[ $$tree == release ]]; then options=(-DHOLDFAST_TESTS=ON -DHOLDFAST_BENCH=ON); fi; \
	  options+=($(call switch_stores,ON)); \
	  $(quietly) "configuring build/$$tree" $(call configure,$$tree) "$${options[@]}"; \
	  $(quietly) "building build/$$tree" $(call build,$$tree); \
	done
	@scripts/ctest-all $(TREES)

bench: ## Measures against bare clients doing the same work
	@scripts/install-packages demo $(stores) test
	@$(quietly) "configuring build/release" $(call configure,release) -DHOLDFAST_BENCH=ON $(call switch_stores,ON)
	@$(quietly) "building the benches" $(call build,release)
	@scripts/bench

lint: ## clang-format and clang-tidy, as a check
	@scripts/install-packages demo $(stores) test lint
	@scripts/check-boundaries
	@scripts/lint

format: ## Lays out every source by .clang-format
	@scripts/install-packages lint
	@scripts/sources | xargs -d '\n' clang-format -i

install: build ## The command, libraries and headers, under PREFIX (/usr/local)
	@$(quietly) "building build/release" $(call build,release)
	@$(quietly) "installing to $(DESTDIR)$(PREFIX)" cmake --install build/release --prefix $(PREFIX)

clean: ## Removes build/
	@rm -rf build
