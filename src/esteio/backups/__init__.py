"""Backups of a whole deployment: made of one moment, checked, kept, and restored into an empty database."""
