"""What can be done to outages, to the universe and to demands."""
