"""Facts that a service tells, written to the outbox in the transaction that makes them true."""
