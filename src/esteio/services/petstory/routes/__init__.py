"""The controllers of orders: shape of request and answer, guard, limit, status."""
