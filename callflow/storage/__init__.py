"""What talks to PostgreSQL and the disk: tables, snapshot, change feed."""
