"""What crosses a trust boundary, as bytes: statements, their canonical form, and strict bounded parsing."""
