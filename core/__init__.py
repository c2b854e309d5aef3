"""What can be done to pictures. Knows nothing of Prefect."""
