"""Pictures and networks: style transfer, GANs, classifiers, the pipeline of a night; knows nothing of Prefect."""
