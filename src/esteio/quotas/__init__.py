"""How much: what a tenant may have and use by its plan, counted exactly in the transaction that has or uses it."""
