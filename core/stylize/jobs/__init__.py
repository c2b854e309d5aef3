"""Jobs of style transfer: inputs, backends, scores, stamps, interactive optimisation."""
