"""Jobs of sampling: spec, plan, backend, selection."""
