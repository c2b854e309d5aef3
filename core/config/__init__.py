"""Configuration: specs, recipes, presets, names of outputs, gate, score weights, taste."""
