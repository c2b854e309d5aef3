"""Metrics of sets of samples: KID, FID, PRDC, memorisation, curation."""
