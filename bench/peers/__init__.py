"""The peers: one small app each, written with the settings that its own documentation recommends."""
