"""What the store answers, version by version."""
