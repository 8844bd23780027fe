"""Benchmarks: one file per question, all figures of a question from one run on one machine."""
