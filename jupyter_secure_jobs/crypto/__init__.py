"""Keys, signatures, sealing, encrypted files and the log; knows no product words."""
