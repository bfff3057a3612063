"""What outages do later and at times."""
