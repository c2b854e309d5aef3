"""The manifest: its columns, parts and readers, ranks, near-duplicates, rejection, verification and quarantine."""
