"""The revisions, oldest first by number. The way back is the copy made before."""
