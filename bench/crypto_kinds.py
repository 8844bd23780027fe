"""What the crypto benchmark measures: each kind's name in the figures, and in words."""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "copy": "plain copy into memory (tmpfs)",
    "open": "open: decrypt into memory",
    "copy_two": "plain copy, two files on two threads",
    "open_two": "open, two files on two threads",
    "pages": "… of which new pages of memory: zeros written there",
    "raw_open": "… of which AES-GCM alone, in memory",
    "copy_synced": "plain copy to the disk, synced",
    "seal": "encrypt to the disk, synced",
    "raw_seal": "… of which AES-GCM alone, in memory",
    "hash": "SHA-256 of the file, for its transport",
    "publish": "publish a table through all parts",
    "publish_copy": "plain copy of that table's file, synced",
    "publish_reading": "… read, profile, write anew, make synthetic rows",
    "publish_sealing": "… encrypt, hash",
    "publish_sending": "… send, hash again, store, sign",
}
