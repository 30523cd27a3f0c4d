"""`python -m compliance` is `u02`."""

from compliance.cli import main

main()
