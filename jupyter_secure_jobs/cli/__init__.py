"""`jupyter secure-jobs …`, one file per command group."""
