"""A child process that has neither key nor network, and the limits that hold it."""
