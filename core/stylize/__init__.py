"""Style transfer: losses over a backbone's features, and a picture's pixels optimised against them."""
