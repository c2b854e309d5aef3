"""Training data of GANs: picture folders, IDX files, seeded batches."""
