"""Products of an outside shop, always answered, and the favourites of users."""
