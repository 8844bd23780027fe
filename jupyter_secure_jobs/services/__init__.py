"""The workspace server's use cases, one file per noun. Each takes a `Unit`: one request, one transaction."""
