"""One organisation's dataset keys: verify, count, release. Trusts nothing that the workspace server says."""
