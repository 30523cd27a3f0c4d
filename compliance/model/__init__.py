"""The words of the house: what is asked about, what was seen, what was concluded. Frozen data, no I/O."""
