"""Where the ground comes from: one file per source, each turning what it reads into our tables.

Foreign names, units and quirks end here. Readers take a path and give tables with the columns of
``docs/architecture.md``; what they had to repair, skip or guess stands in the notes of the result.
"""
