"""What consumers have asked the distributor for, as the regulator asks about it."""
