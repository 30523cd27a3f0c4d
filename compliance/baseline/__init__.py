"""What is asked, as data: requirements, sources, and their loader."""
