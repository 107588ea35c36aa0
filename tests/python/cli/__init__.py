"""A package, so that its conftest does not stand in the place of the one above."""
