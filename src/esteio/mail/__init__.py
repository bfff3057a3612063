"""Mail: a letter made as the standards have it, handed to the operator's server, and what became of it."""
