"""The controllers of pets: shape of request and answer, guard, limit, status, version."""
