# Each target does its own set-up: apt packages as root or through sudo.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
SOURCES := Sources Tests Package.swift
RELEASE := swift build -c release --static-swift-stdlib --product dovemon

.PHONY: help build release demo test lint format clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build dovemon for trying out
	@scripts/setup build
	swift build --product dovemon

release: ## build dovemon as it ships
	@scripts/setup build
	$(RELEASE)

# A debug build is there soonest. The demo is run as itself, not by swift, so that Ctrl-C reaches it.
demo: ## watch a real Dovecot ring lose a backend and get it back (KEEP=1 leaves it running)
	@scripts/setup test
	swift build --product dovemon
	swift build --product Demo
	@KEEP="$(KEEP)" "$$(swift build --show-bin-path)/Demo"

test: ## run everything: lint, build, all tests, the shipped binary's libraries
	@scripts/test

lint: ## check the format
	swift format lint --strict --parallel -r $(SOURCES)

format: ## apply the format
	swift format --in-place --parallel -r $(SOURCES)

clean: ## remove what was built
	rm -rf .build
