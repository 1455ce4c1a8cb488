"""Measurements of speed and memory, run by ``nox -s bench``; not tests."""
