# The menu: `make` lists what there is.

export CARGO_TARGET_DIR ?= $(HOME)/.cache/ooctopus/target
BIN := $(CARGO_TARGET_DIR)/release/ooctopus
BENCH_BIN := $(CARGO_TARGET_DIR)/release/bench
DEV_BIN := $(CARGO_TARGET_DIR)/debug/ooctopus

.DEFAULT_GOAL := help
.PHONY: help run dev check test bench bench-big bench-faults openapi clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## build and serve Ooctopus with demo data kept in ./data
	@cargo build --release -p ooctopus && "$(BIN)" serve --demo --data-dir ./data

dev: ## the same as run, built fast for development
	@cargo build -p ooctopus && "$(DEV_BIN)" serve --demo --data-dir ./data

check: ## formatting, lints, documentation and, where cargo-deny is installed, licences and advisories
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check; else echo "cargo-deny is not installed: skipped"; fi

test: ## formatting, lints, documents, a call of each operation, and every test on SQLite and on PostgreSQL
	@scripts/test

bench: ## measure the usual loads on both databases
	cargo build --release -p ooctopus && cargo build --release -p bench
	scripts/with-postgres --durable "$(BENCH_BIN)" run

bench-big: ## measure with a million conversations; takes long
	cargo build --release -p ooctopus && cargo build --release -p bench
	"$(BENCH_BIN)" big

bench-faults: ## kill the server 200 times under load and cut 10,000 sockets, on both databases; takes long
	OOCTOPUS_TEST_MINUTES=60 OOCTOPUS_TEST_KILLS=200 scripts/with-postgres cargo test -p ooctopus --test cli kills -- --nocapture
	OOCTOPUS_TEST_MINUTES=60 OOCTOPUS_TEST_CUTS=10000 scripts/with-postgres cargo test -p server --lib cable::tests::cuts -- --nocapture

openapi: ## write the descriptions of the HTTP API anew
	OOCTOPUS_WRITE_OPENAPI=1 cargo test -p server openapi

clean: ## remove what cargo built
	cargo clean
