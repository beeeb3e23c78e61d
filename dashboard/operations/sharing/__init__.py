"""Tables that go back to organisations: with codes, hashtags, sources and times, no persons."""
