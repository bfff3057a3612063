"""A version as one file: built while it is sent, in constant memory, the same bytes each time."""
