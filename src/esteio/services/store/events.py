"""The facts that the store tells."""
