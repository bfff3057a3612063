"""Pages for people: the order for its customer, the tribute for everybody. They need no script."""
