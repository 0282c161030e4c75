"""What is remembered: schema, migrations, and one module of typed query functions per noun.

Only this package speaks to PostgreSQL. Functions take a connection from their caller, so that a change
and its consequences share one transaction. Read in this order:

`migrations/0001_base.sql` (the schema and why each constraint is there), `migrate.py`, `errors.py`,
`pool.py`, then the nouns: `people`, `tracking_links`, `jobs`, `job_events`, `outbox`, `feed`,
`active_jobs`, `tracking_sessions`, `positions`.
"""
