"""Pretrained networks: devices and memory, seeded random numbers, weights files, backbones, features, classifiers."""
