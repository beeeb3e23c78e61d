"""Templates: empty tables and forms of a situation, which `data.intake` reads whole."""
