"""Domain code that a model writes on top of a template: asked for, read, tried behind a wall, taken or left.

What the model writes is a stranger's: it is never imported, parsed or run in a process of the house.
"""
