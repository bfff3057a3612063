"""Telling browsers and other clients at once: channels, sockets and event streams without holes."""
