"""How much is asked of the house, how fast and how well it answers, by route and tenant, and what it takes for that."""
