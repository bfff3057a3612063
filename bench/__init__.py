"""Measurements of Esteio beside its peers on one machine, in one run: `make bench`, or `python -m bench P1 P2`."""
