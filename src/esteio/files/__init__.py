"""Files: bytes in an object store, a row for each, and the signed links by which they are fetched."""
