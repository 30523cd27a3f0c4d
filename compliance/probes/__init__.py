"""Side effects only: ask the wire and record what it said. Nothing is judged here."""
