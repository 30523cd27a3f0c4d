"""The run folder: journal, codec, manifest."""
