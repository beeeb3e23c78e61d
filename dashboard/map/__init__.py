"""The map: described with folium, drawn from this server's files, fed by its own questions.

`document` makes the HTML document of the map, `layers` the heavy layers that are fetched once by
their hash, `features` and `feed` the small live layer and what changed in it, `component` puts the
document into a Streamlit page. Here, and only here, coordinates are sometimes (lat, lon).
"""
