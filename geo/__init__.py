"""The ground and what happened to it: places, boundaries, terrain, damage, road tables.

Imports nothing of the other packages. Storage is EPSG:4326 (lon, lat); whatever measures takes
the projected working CRS.
"""
