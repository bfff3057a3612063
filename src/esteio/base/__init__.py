"""Pure values that every floor may use: no framework, no input or output."""
