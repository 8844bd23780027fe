"""Takes out each defence in turn and shows that a test notices: `make bite`."""
