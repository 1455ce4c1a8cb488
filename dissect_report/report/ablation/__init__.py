"""Removing units from a classifier, as the site shows it."""
