"""Changing units inside a generator: removed, inserted, before and after."""
