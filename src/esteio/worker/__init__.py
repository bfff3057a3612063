"""The processes that do things later: workers that run jobs, schedulers that carry, wake and take back."""
