"""What runs behind the wall, with the standard library and pytest alone: it imports nothing else of the house."""
