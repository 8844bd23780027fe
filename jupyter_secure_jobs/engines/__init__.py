"""What runs inside the sandbox, and the call that runs a job in it."""
