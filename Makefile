# What there is to do with this repository. `make` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.PHONY: help build demo test soak fuzz check fmt lint doc deny bench install clean

CARGO ?= cargo
PYTHON ?= python3
# The program that `make demo` shows.
CLI ?= $(CARGO) run --release --locked --quiet --
# cargo-deny from PATH, else one of our own.
DENY := $(or $(shell command -v cargo-deny),.tools/bin/cargo-deny)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

build: ## build the program with optimizations: target/release/cognito-passwd
	$(CARGO) build --release --locked

demo: ## set the passwords of samples/users.csv in a Cognito of the program's own, and show the report
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(CLI) run samples/users.csv --sandbox --yes --report "$$folder/users.results.csv"; \
	echo; cat "$$folder/users.results.csv"

test: .venv/made ## run all tests; the first time, install what they need into .venv
	$(CARGO) test --locked

check: fmt lint doc deny test ## everything that must pass before a change goes in

soak: .venv/made ## the long form of the tests that have one: 1,000 kills, 10,000 power cuts, ten gigabytes on a pipe, a minute of credentials that rotate, a run of ten million rows
	COGNITO_PASSWD_SOAK=1 $(CARGO) test --locked --lib journal:: -- --nocapture
	COGNITO_PASSWD_SOAK=1 $(CARGO) test --locked --test it crash:: -- --nocapture
	COGNITO_PASSWD_SOAK=1 $(CARGO) test --locked --test it hostile:: -- --nocapture
	COGNITO_PASSWD_SOAK=1 $(CARGO) test --locked --test it credentials:: -- --nocapture
	COGNITO_PASSWD_ROWS=10000000 $(CARGO) bench --locked --bench journal --bench scale --bench throughput

# How long each target is fuzzed, and which.
FUZZ_SECONDS ?= 300
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard tests/fuzz/fuzz_targets/*.rs)))

fuzz: .tools/bin/cargo-fuzz ## five minutes of made-up bytes for every parser; needs a nightly toolchain
	@$(CARGO) +nightly --version >/dev/null || { echo 'fuzzing needs a nightly toolchain: rustup toolchain install nightly' >&2; exit 2; }
	# Without a sanitizer: the code is safe Rust throughout, and is tried several times as often.
	for target in $(FUZZ_TARGETS); do \
		PATH="$(CURDIR)/.tools/bin:$$PATH" $(CARGO) +nightly fuzz run --fuzz-dir tests/fuzz --sanitizer none $$target -- \
			-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1; \
	done

fmt: ## the formatting, without changing it
	$(CARGO) fmt --check

lint: ## clippy, with warnings as errors
	$(CARGO) clippy --locked --all-targets -- -D warnings

doc: ## the documentation, with warnings as errors
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --locked --no-deps

deny: $(DENY) ## licences, sources and banned packages; advisories where their database can be fetched
	$(DENY) check licenses bans sources
	@if timeout 120 $(DENY) fetch db >/dev/null 2>&1; then \
		$(DENY) check --disable-fetch advisories; \
	else \
		echo 'advisories: not checked, their database cannot be fetched from here'; \
	fi

bench: ## speed and memory, each beside a bare baseline
	$(CARGO) bench --locked

install: ## install cognito-passwd where cargo puts programs
	$(CARGO) install --locked --path .

clean: ## remove what was generated: target, .venv, .tools
	$(CARGO) clean
	rm -rf .venv .tools

.PHONY: .venv
.venv: .venv/made

.venv/made: tests/requirements.txt
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

.tools/bin/cargo-deny .tools/bin/cargo-fuzz:
	$(CARGO) install --locked --root .tools --target-dir .tools/build $(notdir $@)
	rm -rf .tools/build
