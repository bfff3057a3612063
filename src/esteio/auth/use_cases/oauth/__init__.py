"""What clients ask of the OAuth endpoints."""
