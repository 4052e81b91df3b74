"""Files → Config → desired rules."""
