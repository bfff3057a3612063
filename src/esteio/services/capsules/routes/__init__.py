"""The routes of capsules."""
