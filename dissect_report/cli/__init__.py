"""The command line, one file a verb; nothing here loads torch before a verb needs it."""
