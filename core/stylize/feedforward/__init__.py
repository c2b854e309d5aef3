"""Style transfer in one pass: the network, its embeddings, its file, its export."""
