"""Grammars: text or bytes from the wire to frozen data, and question-asking algorithms without I/O."""
