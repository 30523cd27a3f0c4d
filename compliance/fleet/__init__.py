"""The fleet: the only room that knows Nornir. Inventory plugin, the sweep, processors, session."""
