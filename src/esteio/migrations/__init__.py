"""The shape of the database: the house's own revisions and those that services bring, applied one process at a time."""
