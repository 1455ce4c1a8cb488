"""Removing and inserting units of a generator, as the site shows it."""
