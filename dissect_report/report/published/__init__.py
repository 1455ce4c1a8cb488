"""What was published for the paper's own networks, beside what a run of theirs finds."""
