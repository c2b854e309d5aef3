"""Art appreciation: what a picture is, how good it is made, and why one says so."""
