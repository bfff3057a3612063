"""Work done later: written down with what caused it, carried by Celery, run under a lease, remembered by PostgreSQL."""
