"""What a power distributor tells the regulator of its interruptions now, and where it knows it from."""
