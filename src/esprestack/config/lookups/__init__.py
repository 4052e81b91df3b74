"""What a template can look up: one module for each kind, all with the face of `base`."""
