"""How often: limits that are exact over any number of processes, for a fraction of a Redis round trip a request."""
