"""What stands in front of a real server or program: one process for all of it, so that it starts at once."""
