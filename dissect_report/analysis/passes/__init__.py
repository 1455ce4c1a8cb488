"""One resumable pass: what is filled, by which work, how far, under a key a stage."""
