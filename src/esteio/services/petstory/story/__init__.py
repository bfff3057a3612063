"""The words of a book: told by a model where one is configured, else made from sentences of the house."""
