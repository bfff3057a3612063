"""Pets: a registry with feedings; the smallest product and the model of how a service is built."""
