"""Traces: spans of what a request costs, wherever it is done, sent to a collector by OTLP or in Zipkin's format."""
