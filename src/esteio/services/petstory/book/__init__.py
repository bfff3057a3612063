"""The book: a PDF for printing, set by Typst in a process of its own from a file of data."""
