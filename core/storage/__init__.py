"""Storage: the run folder's store, batched writes, the cache folder, TOML and safetensors files, disk space."""
