"""The embedded parts of a machine of its own: Debian packages, PostgreSQL, Asterisk, the whole region."""
