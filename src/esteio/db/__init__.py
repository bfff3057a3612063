"""PostgreSQL: the engine, transactions with a tenant, reads in one statement, the bases of tables."""
