"""Ciphers, signatures, hashes and the form of statements."""

from __future__ import annotations

from typing import Final

from bite.defence import Defence, changed, never, not_raised

_FILES: Final = "jupyter_secure_jobs/crypto/files.py"
_SEALING: Final = "jupyter_secure_jobs/crypto/sealing.py"
_MERKLE: Final = "jupyter_secure_jobs/crypto/merkle.py"
_PLACES: Final = "jupyter_secure_jobs/protocol/places.py"
_LOCK: Final = "jupyter_secure_jobs/crypto/lock.py"
_KEYFILE: Final = "jupyter_secure_jobs/crypto/keyfile.py"
_CANONICAL: Final = "jupyter_secure_jobs/protocol/canonical.py"
_CODEC: Final = "jupyter_secure_jobs/protocol/codec.py"
_ENVELOPE: Final = "jupyter_secure_jobs/protocol/envelope.py"
_CIPHERTEXT: Final = "tests/adversarial/test_ciphertext_attacks.py"
_GRANTS: Final = "tests/adversarial/test_grant_and_receipt_attacks.py"
_LOGS: Final = "tests/adversarial/test_log_attacks.py"
_SEALS: Final = "tests/unit/crypto/test_sealing_and_signing.py"
_KEYS: Final = "tests/unit/crypto/test_keyfile.py"
_TREES: Final = "tests/unit/crypto/test_merkle.py"
_FORMS: Final = "tests/unit/protocol/test_canonical.py"
_ENVELOPES: Final = "tests/unit/protocol/test_envelope.py"
_CODECS: Final = "tests/unit/protocol/test_codec.py"

CRYPTO: Final = (
    Defence(
        name="an encrypted file is bound to its place",
        stops="files are swapped between datasets and versions",
        edits=(
            changed(_FILES, "_KeptOpen(sealed)), place)", '_KeptOpen(sealed)), b"")'),
            changed(_FILES, "new_decrypting_stream(sealed, place)", 'new_decrypting_stream(sealed, b"")'),
        ),
        tests=(f"{_CIPHERTEXT}::test_ciphertext_swapped_to",),
    ),
    Defence(
        name="a file that does not open leaves nothing behind",
        stops="a part of an altered file is read",
        edits=(
            changed(
                _FILES,
                "    except (tink.TinkError, ValueError) as error:\n        target.unlink(missing_ok=True)\n",
                "    except (tink.TinkError, ValueError) as error:\n",
            ),
        ),
        tests=(f"{_CIPHERTEXT}::test_ciphertext_flipped",),
    ),
    Defence(
        name="a disk that is full while a file is sealed is told as such",
        stops="the enclave ends, and nobody knows why",
        edits=(
            changed(
                _FILES,
                "        except tink.TinkError as error:\n            # Tink names",
                "        except ZeroDivisionError as error:\n            # Tink names",
            ),
        ),
        tests=(f"{_CIPHERTEXT}::test_disk_that_fills_while_a_file_is_sealed",),
    ),
    Defence(
        name="plaintext is for its own account",
        stops="others on the host read a decrypted file",
        edits=(changed(_FILES, "os.O_EXCL, 0o600)", "os.O_EXCL, 0o644)"),),
        tests=(f"{_CIPHERTEXT}::test_honest_file",),
    ),
    Defence(
        name="a dataset's file has its version and path in its place",
        stops="an older version of a file is shown",
        edits=(
            changed(
                _PLACES,
                '_place("dataset-file", workspace=workspace, dataset=dataset, version=version, path=path)',
                '_place("dataset-file", workspace=workspace, dataset=dataset)',
            ),
        ),
        tests=(f"{_CIPHERTEXT}::test_ciphertext_swapped_to",),
    ),
    Defence(
        name="a result and a log have different places",
        stops="a log is passed off as the result",
        edits=(changed(_PLACES, '_place("outcome-file", order=order, kind=kind)', '_place("outcome-file", o=order)'),),
        tests=(f"{_CIPHERTEXT}::test_log_passed_off_as_the_result",),
    ),
    Defence(
        name="a granted key opens for its order alone",
        stops="a grant is used for another run",
        edits=(
            changed(
                _PLACES,
                '_place("granted-key", order=order, manifest=manifest, key_id=key_id)',
                '_place("granted-key", manifest=manifest, key_id=key_id)',
            ),
        ),
        tests=(f"{_GRANTS}::test_key_of_a_grant_does_not_open_for_another_order",),
    ),
    Defence(
        name="outcome keys open for their order alone",
        stops="one run's outcome keys stand in another's receipt",
        edits=(
            changed(
                _PLACES,
                '_place("outcome-keys", order=order, recipient=recipient)',
                '_place("outcome-keys", recipient=recipient)',
            ),
        ),
        tests=(f"{_GRANTS}::test_outcome_keys_open_for_their_recipient_and_their_order_alone",),
    ),
    Defence(
        name="what is sealed is bound to its place",
        stops="a sealed key is carried to another place",
        edits=(
            changed(_SEALING, "_SUITE.decrypt(sealed, self._key, info)", '_SUITE.decrypt(sealed, self._key, b"")'),
            changed(_SEALING, "_SUITE.encrypt(plaintext, key, info)", '_SUITE.encrypt(plaintext, key, b"")'),
        ),
        tests=(f"{_SEALS}::test_does_not_open_in_another_place",),
    ),
    Defence(
        name="Ed25519 verifies",
        stops="any signature of any message",
        edits=(changed("jupyter_secure_jobs/crypto/signing.py", "key.verify(signature, message)", "del key"),),
        tests=(f"{_SEALS}::test_signature_of_another_message_or_key",),
    ),
    Defence(
        name="base64 has one spelling",
        stops="one key has several names",
        edits=(changed("jupyter_secure_jobs/crypto/encoding.py", "text(data) != encoded or ", ""),),
        tests=(f"{_SEALS}::test_base64_has_one_spelling",),
    ),
    Defence(
        name="a key store opens under its passphrase alone",
        stops="whoever copies the file has the keys",
        edits=(changed(_LOCK, ".derive(typed)", '.derive(b"")'),),
        tests=(f"{_KEYS}::test_wrong_passphrase",),
    ),
    Defence(
        name="a key store has a salt of its own",
        stops="one guess tries many key stores",
        edits=(changed(_LOCK, "os.urandom(_SALT), os.urandom(_NONCE)", "bytes(_SALT), bytes(_NONCE)"),),
        tests=(f"{_KEYS}::test_the_same_keys_are_never_locked_alike",),
    ),
    Defence(
        name="keys are never overwritten",
        stops="a second `create` loses the first keys",
        edits=(changed(_KEYFILE, "passphrase), replace=False)", "passphrase))"),),
        tests=(f"{_KEYS}::test_two_at_once_make_one_file",),
    ),
    Defence(
        name="a short passphrase is refused",
        stops="a passphrase that is guessed in a day",
        edits=(not_raised(_KEYFILE, 'InvalidError("passphrase_short"'),),
        tests=(f"{_KEYS}::test_short_passphrase",),
    ),
    Defence(
        name="entries and nodes of the log are hashed apart",
        stops="a node of the tree is passed off as an entry",
        edits=(changed(_MERKLE, 'hashlib.sha256(b"\\x00" + data)', 'hashlib.sha256(b"\\x01" + data)'),),
        tests=(f"{_TREES}::test_leaf_and_node_are_told_apart",),
    ),
    Defence(
        name="an inclusion proof leads to the root",
        stops="a statement is shown that the log does not hold",
        edits=(changed(_MERKLE, "if last != 0 or made != expected:", "if last != 0:"),),
        tests=(f"{_LOGS}::test_statement_that_the_log_does_not_hold",),
    ),
    Defence(
        name="a consistency proof starts at the old root",
        stops="a forked log with a proof of the new one",
        edits=(changed(_MERKLE, "if last != 0 or old_made != old_root or", "if last != 0 or"),),
        tests=(f"{_LOGS}::test_forked_log",),
    ),
    Defence(
        name="a consistency proof leads to the new root",
        stops="any new root after an honest old one",
        edits=(changed(_MERKLE, " or new_made != new_root:", ":"),),
        tests=(f"{_TREES}::test_consistency",),
    ),
    Defence(
        name="logs of one size have one root",
        stops="a fork that keeps the number of entries",
        edits=(changed(_MERKLE, "if proof or old_root != new_root:", "if proof:"),),
        tests=(f"{_LOGS}::test_forked_log_of_the_same_size",),
    ),
    Defence(
        name="a checkpoint's signature is verified",
        stops="size and root of a checkpoint are changed",
        edits=(
            changed(
                "jupyter_secure_jobs/crypto/checkpoint.py",
                'signing.verify(public, match["text"].encode(), signature[4:])',
                "pass",
            ),
        ),
        tests=(f"{_LOGS}::test_altered_checkpoint",),
    ),
)

STATEMENTS: Final = (
    Defence(
        name="large statements are not remembered",
        stops="a server's statements fill the memory of whoever reads them",
        edits=(changed(_ENVELOPE, "    if len(envelope.payload) > MOST_REMEMBERED:", "    if False:"),),
        tests=("tests/adversarial/test_statement_memory_attacks.py::test_memory_is_bounded",),
    ),
    Defence(
        name="only canonical bytes are read",
        stops="one statement has two hashes",
        edits=(never(_CANONICAL, "encode(value) != data"),),
        tests=(f"{_FORMS}::test_refused_bytes",),
    ),
    Defence(
        name="no key stands twice in an object",
        stops="two readers see two values",
        edits=(not_raised(_CANONICAL, 'ValueError("doubled key"'),),
        tests=(f"{_FORMS}::test_refused_bytes",),
    ),
    Defence(
        name="texts are in normal form C",
        stops="two names that look alike",
        edits=(not_raised(_CANONICAL, 'RefusedError("not_nfc"'),),
        tests=(f"{_FORMS}::test_refused_bytes",),
    ),
    Defence(
        name="nesting is bounded before the parser runs",
        stops="a deep statement crashes its reader",
        edits=(never(_CANONICAL, "_depth(data) > MOST_DEPTH"),),
        tests=(f"{_FORMS}::test_refused_bytes", f"{_FORMS}::test_two_megabytes_of_nonsense_are_refused_in_one_pass"),
    ),
    Defence(
        name="statements have a largest size",
        stops="a statement fills its reader's memory",
        edits=(not_raised(_CANONICAL, 'RefusedError("statement_too_large"'),),
        tests=(f"{_FORMS}::test_size_is_bounded",),
    ),
    Defence(
        name="a statement is read as its own kind",
        stops="a revocation is read as a decision",
        edits=(not_raised(_ENVELOPE, 'RefusedError("statement_type", f"This is not a statement'),),
        tests=(
            "tests/adversarial/test_approval_attacks.py::test_another_statement_passed_off_as_a_decision",
            f"{_ENVELOPES}::test_kind_of_another_version",
        ),
    ),
    Defence(
        name="a signature covers the kind",
        stops="a statement is relabelled under its signature",
        edits=(
            changed(
                _ENVELOPE, "return bytes(DsseEnvelope(self.payload, self.payloadType, {}).pae())", "return self.payload"
            ),
        ),
        tests=(f"{_ENVELOPES}::test_signature_over_another_kind_does_not_verify",),
    ),
    Defence(
        name="one key signs once",
        stops="one signature counts for several",
        edits=(not_raised(_ENVELOPE, 'RefusedError("envelope_signatures", "An envelope carries two'),),
        tests=(f"{_ENVELOPES}::test_two_signatures_by_one_key",),
    ),
    Defence(
        name="no unknown field is read over",
        stops="a statement says more to one reader than to another",
        edits=(changed(_CODEC, "if value.keys() != wanted.keys():", "if wanted.keys() - value.keys():"),),
        tests=(f"{_CODECS}::test_unknown_field",),
    ),
    Defence(
        name="each field has exactly its type",
        stops="true is read as 1",
        edits=(
            changed(
                _CODEC, "if type(value) is kind and kind in _PLAIN:", "if kind in _PLAIN and isinstance(value, kind):"
            ),
        ),
        tests=(f"{_CODECS}::test_wrong_type_or_spelling",),
    ),
    Defence(
        name="names hold no characters that deceive",
        stops="a name reads as another",
        edits=(
            changed(
                "jupyter_secure_jobs/domain/text.py",
                "    if any(_deceives(character) for character in cleaned):\n        raise",
                "    if False:\n        raise",
            ),
        ),
        tests=("tests/unit/protocol/test_statement_vectors.py::test_content_that_is_refused",),
    ),
)
