"""What every API of the house has in common: envelope, problems, pagination, conditions, idempotency, the gate."""
