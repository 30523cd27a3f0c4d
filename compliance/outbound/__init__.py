"""The sending side: canary receiver and readers of supplied evidence. Nothing is built here yet."""
