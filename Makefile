# Everything a fresh machine needs: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check hooks lint types walls doctests unit e2e-lite faults bench-overhead bench-batch bench-plan bench-backbones bench-presets bench-score bench-recommended bench-startup bench-memory bench-gan bench-style bench-fast bench-gpu bench-torch clean

help:  ## List what can be made.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(STAMP)  ## Make .venv and install Nocturne into it.

$(STAMP): pyproject.toml
	@echo "Setting up .venv (a few minutes the first time: torch is large) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

demo: install  ## Draw and stylise sample pictures; ends with the path of the gallery.
	@$(BIN)/nocturne sample data/demo-digits.toml
	@$(BIN)/nocturne sample data/demo-paintings.toml
	@$(BIN)/nocturne run data/demo-painted.toml
	@# Exit code 3 says that some jobs failed: one sample is broken on purpose.
	@$(BIN)/nocturne run data/demo.toml || [ $$? -eq 3 ]

test: install lint types walls doctests unit  ## Everything that CI checks: lint, types, import walls, doctests, tests.

check: install lint types walls doctests  ## For daily work: the same, but of the tests only those near what changed since main.
	@files=$$($(BIN)/python -m tests.changed) && test -z "$$files" || \
		$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow" $$files || [ $$? -eq 5 ]

hooks:  ## Have git run `make check` before each commit.
	@hook=$$(git rev-parse --git-path hooks)/pre-commit && mkdir -p "$${hook%/*}" && \
		printf '#!/bin/sh\nexec make check\n' > "$$hook" && chmod +x "$$hook" && echo "Written: $$hook"

lint: install  ## Style of the code.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install  ## Types, strict.
	@$(BIN)/mypy

walls: install  ## Imports run one way.
	@$(BIN)/lint-imports

doctests: install  ## Examples in docstrings.
	@$(BIN)/python -m pytest -q --doctest-modules $$(grep -rl --include='*.py' '>>>' core tasks flows)

unit: install  ## The tests alone, WORKERS (2) side by side; WORKERS=0 runs them one after another.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

e2e-lite: install  ## A real Prefect server and worker: deploy, run, check the manifest, stop.
	@$(BIN)/python deployments/e2e_lite.py

bench-overhead: install  ## CPU that flow, tasks, worker and manifest add to each job.
	@$(BIN)/python benchmarks/overhead.py

bench-batch: install  ## Whole batches: is the device ever idle, and are the cores? Wants an idle machine.
	@$(BIN)/python benchmarks/batch.py

bench-startup: install  ## Time until the first job computes, against Prefect's own trivial flow.
	@$(BIN)/python benchmarks/startup.py

bench-plan: install  ## Planning 10,000 assets x 10 styles.
	@$(BIN)/python benchmarks/planning.py

bench-memory: install  ## Peak memory of a 50-job run against a 5-job run.
	@$(BIN)/python benchmarks/memory.py

bench-backbones: install  ## ResNet's smoothed features on seeded weights, beside VGG-19.
	@$(BIN)/python benchmarks/backbones.py

bench-presets: install  ## Presets: seconds, network passes and loss.
	@$(BIN)/python benchmarks/presets.py

bench-score: install  ## Does the score rank obvious pairs rightly (a quarter of an hour), and transfers of many steps?
	@$(BIN)/python benchmarks/score_pairs.py
	@$(BIN)/python benchmarks/score_order.py

bench-recommended: install  ## Does a recommended style beat a random one, by a network that the recommender never asks?
	@$(BIN)/python benchmarks/recommended.py

bench-gan: install  ## Trained networks: digits recognised, KID against peers, speed of training and sampling.
	@$(BIN)/python benchmarks/gan.py

bench-style: install  ## Style transfer against its peers, lanes, profile, large pictures, caches (hours; goes on if killed).
	@$(BIN)/python benchmarks/style.py

bench-fast: install  ## Style transfer in one pass against its peers: speed, distances, engines (half an hour; goes on if killed).
	@$(BIN)/python benchmarks/fast.py

bench-gpu: install  ## A GPU: does everything run, twice alike, how busy is it? At most 8 minutes; needs no Prefect.
	@$(BIN)/python benchmarks/gpu.py

bench-torch: install  ## Tests on pretended GPUs with the oldest torch allowed; installs it for itself (some GB).
	@$(BIN)/python benchmarks/oldest_torch.py

faults: install  ## Kills, storms, hostile pictures and long nights: what a night survives, in figures (an hour).
	@$(BIN)/python -m tests.faults.kills --random 68
	@$(BIN)/python -m tests.faults.command_kills --rounds 20
	@$(BIN)/python -m tests.faults.command_kills --rounds 12 --preset fast
	@$(BIN)/python -m tests.faults.hostile --count 2000
	@$(BIN)/python -m tests.faults.storm --minutes 5
	@$(BIN)/python -m tests.faults.cancel
	@$(BIN)/python -m tests.faults.outage
	@$(BIN)/python benchmarks/growth.py

clean:  ## Remove what was installed and the demo's run.
	@rm -rf .venv runs/demo
