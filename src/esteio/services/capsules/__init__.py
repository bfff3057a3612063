"""Capsules: runnable project skeletons made from a description and a tech stack, versioned, validated, exported."""
