"""Bodies that are sent and received."""
