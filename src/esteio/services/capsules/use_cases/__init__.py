"""One function for each thing that can be done to a capsule. None of them knows HTTP or Celery."""
