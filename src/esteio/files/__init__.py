"""Files in an object store, and signed links to them that expire."""
