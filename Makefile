# Talaia. `make help` lists everything; docs/design/launch.md says what each step does.
SHELL := /bin/sh
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup run test check format lock sbom bench bench-edge bench-ingest bench-storage bench-whole-way bench-footage bench-live soak screenshots clean

help: ## list what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'
	@echo "  variables of make run: PORT=8080 DATA_DIR=./data VIDEO=clip.mp4 | CAMERA=rtsp://... | DEMO=rules[:crowd,...]"

setup: ## make everything that the first start needs, and start nothing
	@launch/bootstrap.sh run && exec $(PYTHON) -m launch setup

run: ## the whole system on this computer; Ctrl-C stops it
	@launch/bootstrap.sh run && exec $(PYTHON) -m launch run

test: ## everything that CI checks, on real services (as root it installs them)
	@launch/bootstrap.sh dev && exec $(PYTHON) -m launch test

check: ## format, lint, types and licences only
	@launch/bootstrap.sh dev && exec $(PYTHON) -m launch check

format: ## rewrite the code in the project's format
	@launch/bootstrap.sh dev
	@$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

lock: ## write locks/*.lock from pyproject.toml
	@launch/bootstrap.sh dev && exec launch/lock.sh

sbom: ## what is in the Python environment and in the web pages, as CycloneDX JSON in build/sbom
	@launch/bootstrap.sh dev && exec $(PYTHON) -m launch sbom

screenshots: ## every screen into docs/img, of the system that runs on DATA_DIR or of one started for it
	@launch/bootstrap.sh dev && exec $(PYTHON) -m launch.screenshots

bench: bench-edge bench-ingest bench-storage bench-whole-way bench-footage bench-live ## every figure beside its baseline, into docs/reference/benchmarks.md and .json

bench-edge: ## what a camera costs the processor, beside the naive way and the least there is
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.edge

bench-ingest: ## events a second into the database, beside plain binary COPY
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.ingest

bench-storage: ## what screens ask of 5 million messages, beside the same without index or roll-up; loading takes minutes
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.storage $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(PLANS),--plans $(PLANS))

bench-whole-way: ## from a frame to an alert on the screen, and CPU a camera
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.whole_way

bench-footage: ## what looking through drone footage costs, beside decoding alone and every picture through the detector
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.footage

bench-live: ## live video: glass to glass, first picture, what a viewer costs beside plain TCP and beside transcoding
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.live

soak: ## the long proofs, one JSON line each (kills)
	@launch/bootstrap.sh dev && exec $(PYTHON) -m benchmarks.soak

clean: ## remove what was built in this folder; never DATA_DIR, never the cache
	rm -rf .venv .venv-ultralytics .setup build talaia.egg-info .mypy_cache .ruff_cache .pytest_cache control_room/ui/dist control_room/ui/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
