"""`python -m callflow`: the same as the command `callflow`."""

from callflow.cli import main

main()
