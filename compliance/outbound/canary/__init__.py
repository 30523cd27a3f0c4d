"""The canary receiver: receives marked mail of our own, on personas sound and broken, to see how our hosts send."""
