"""One client, one key rule, one bulletin: everything that this house says to Redis or Valkey."""
