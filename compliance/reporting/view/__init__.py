"""The view model: a run folder made ready to show, frozen and in no language yet."""
