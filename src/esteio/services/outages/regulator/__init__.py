"""What the regulator asks, and how it is answered and recorded."""
