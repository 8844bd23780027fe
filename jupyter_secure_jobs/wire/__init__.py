"""REST shapes, one file per noun. Times are RFC 3339 in UTC; ids are UUIDv7 or hashes as text."""
