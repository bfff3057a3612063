"""Logs, metrics and the context of a request that every line carries."""
