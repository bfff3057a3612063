"""One function for each thing that can be done to an order. None of them knows HTTP or Celery."""
