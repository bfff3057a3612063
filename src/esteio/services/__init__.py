"""The products. They never import one another and meet only through events."""
