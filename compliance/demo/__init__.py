"""The golden world: a loopback organisation with good and bad servers, and its truth table."""
