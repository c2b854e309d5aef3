"""Container formats of picture files, parsed without a decoder and without trusting lengths."""
