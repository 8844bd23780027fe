"""Rules, pure: no clock, no randomness, no input or output; the standard library alone."""
