"""Pure judgement: what was seen against what is asked. No I/O, no clock."""
