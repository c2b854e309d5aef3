"""Health checks of the machine, its networks and a spec; none changes anything."""
