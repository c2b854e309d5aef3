"""The plan of a night: library, catalog, pairs, keys, reuse, costs, shards, the plan file."""
