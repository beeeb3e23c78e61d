"""Getting there: the road graph, closures, travel times, reach, convoy plans and their exports.

Imports `geo` only. No files except exports and catalogues; no network.
"""
