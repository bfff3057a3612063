"""What would be wrong with a deployment in production: read from its settings and from what runs."""

from esteio.doctor.examination import Examination, Verdict, examine
from esteio.doctor.patient import Habits, Patient, admitted

__all__ = ["Examination", "Habits", "Patient", "Verdict", "admitted", "examine"]
