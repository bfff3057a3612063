"""`python -m esteio` is the command `esteio`."""

from esteio.cli import main

main()
