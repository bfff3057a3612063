"""Mails to customers, put into words: as HTML and as text, in the language of their order."""
