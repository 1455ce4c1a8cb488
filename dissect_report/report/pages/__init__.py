"""One module a page kind: from findings to what its template lays out."""
