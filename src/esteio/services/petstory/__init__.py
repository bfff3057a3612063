"""PetStory: photos of a pet become a paid, e-mailed keepsake book."""
