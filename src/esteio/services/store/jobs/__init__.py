"""What the store does later."""
