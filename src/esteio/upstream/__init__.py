"""Calls to the outside, guarded: no request reaches an address that is not public."""
