"""Prefect and its server: what is set before the import, how a server of a process ends, how one that is gone is left."""
