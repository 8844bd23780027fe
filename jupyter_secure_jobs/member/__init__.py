"""The member side: keys, signing, opening results, publishing datasets and their synthetic twins."""
