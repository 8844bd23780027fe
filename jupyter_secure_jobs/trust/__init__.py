"""The one place that verifies, used by every side for itself.

No input or output, no clock: time is passed in. Verification raises `RefusedError` with a reason; it never returns a
boolean, and what cannot be checked is refused.
"""
