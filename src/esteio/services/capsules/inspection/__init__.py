"""Files of strangers, parsed and compared in a process of its own: `python -m esteio.services.capsules.inspection`.

A parser fed by anybody may take all memory, never end or crash. Here it has bounds, and none of the house's secrets.
"""
