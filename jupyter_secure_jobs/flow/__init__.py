"""Which columns of the data flow into which columns of a result: rules for reading queries, nothing is run."""
