"""Esteio: the production layer that a FastAPI product needs on its first day in public."""

__version__ = "0.1.0"
