"""The worker's trusted part: verify, ask for keys, decrypt, start the child, seal, receipt. Bytes in, bytes out."""
