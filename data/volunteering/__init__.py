"""Volunteers: what they can do, which task suits whom, what hours they gave."""
