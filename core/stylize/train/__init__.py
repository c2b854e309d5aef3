"""Training of the one-pass network: contents, artworks, perceptual loss, validation, refinement."""
