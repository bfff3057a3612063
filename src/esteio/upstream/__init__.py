"""Speaking to servers outside: only to public addresses, each checked at the moment it is connected to."""
