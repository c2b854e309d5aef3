"""Style transfer by optimisation: losses, targets, lanes, L-BFGS and Adam, coarse to fine, in tiles."""
