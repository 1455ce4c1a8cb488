"""What each unit is for: removing units from a classifier, alone and in sets."""
