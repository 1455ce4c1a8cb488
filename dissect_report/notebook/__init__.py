"""What a researcher calls from Python: objects in, findings that show themselves out."""
