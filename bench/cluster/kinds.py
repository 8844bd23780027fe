"""What the cluster benchmark measures, in words, by the names of its figures."""

from __future__ import annotations

from typing import Final

# Engine and way of reading; the plain way of the engine is what the others are held against.
WAYS: Final = {
    "spark_plain": "Spark, plain files",
    "spark_modular": "Spark, modular encryption, keys from the door",
    "sail_plain": "Sail, plain files",
    "sail_decrypted": "Sail, sealed files decrypted to memory first, that included",
    "sail_source": "Sail, Python DataSource that decrypts in the worker",
}
STARTS: Final = {
    "sail_1_plain": "Sail, 1 worker",
    "sail_1_sandboxed": "Sail, driver and 1 worker, each in a sandbox",
    "sail_2_plain": "Sail, 2 workers",
    "sail_2_sandboxed": "Sail, driver and 2 workers, each in a sandbox",
    "sail_4_plain": "Sail, 4 workers",
    "sail_4_sandboxed": "Sail, driver and 4 workers, each in a sandbox",
    "spark_2_plain": "Spark, 2 executors",
    "spark_2_sandboxed": "Spark, 2 executors, each in a sandbox",
}
KEYS: Final = {
    "requests": "requests of one job, any number of queries and files",
    "executors_asking": "executors that asked",
    "requests_of_next_job": "further requests when the next job came with its token",
    "reads_without_token": "a token of nobody read the table (1 yes, 0 no)",
    "refusals": "requests refused until the query gave up",
    "reads_after_withdrawal": "the first job still read after its token was withdrawn (1 yes, 0 no)",
    "requests_after_withdrawal": "requests that this took",
    "keys_found_by_udf": "copies of the key that a Python UDF found in its executor's memory",
}
GOT: Final = {
    "file": "read the job's files by their place",
    "code": "ran Python as the server's user",
    "global_view": "read the job's global temporary view",
    "saved_table": "read a table that the job saved",
    "temporary_view": "read the job's temporary view from a session of its own",
    "session_by_its_id": "read the job's temporary view with the session's id and the job's user name",
    "session_as_other_user": "read the job's temporary view with the session's id alone",
}
ENGINES: Final = ("sail", "spark")
