"""The sending side: readers of the evidence that the organisation supplies."""
