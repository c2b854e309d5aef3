"""Thin Prefect tasks: each takes paths and ids, calls core, and returns a small record."""
