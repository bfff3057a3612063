"""What pets do later: exports and imports."""

from esteio.jobs.job import AnyJob, Job
from esteio.services.pets.jobs.exports import export_pet, export_pets
from esteio.services.pets.jobs.imports import import_pets
from esteio.services.pets.tasks import EXPORT_PET, EXPORT_PETS, IMPORT_PETS

JOBS: tuple[AnyJob, ...] = (Job(EXPORT_PETS, export_pets), Job(EXPORT_PET, export_pet), Job(IMPORT_PETS, import_pets))
