"""The REST API: one table of routes, thin handlers, events, and the Jupyter server extension that serves them."""
