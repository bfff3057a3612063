"""What outages answer: the regulator in its own contract, everybody else in the house's."""
