"""A cluster on this machine: encrypted data, keys for executors, sandboxes around them, and who gets in."""
