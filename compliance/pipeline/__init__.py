"""The corridor: observe -> judge -> report, each from files to files, so that each can be repeated alone."""
