"""Decoders of picture formats that extras of the install read."""
