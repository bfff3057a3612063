"""The pages for people: API documents and their readers, error pages, deprecations, the way in."""

from esteio.app.documents.routes import PUBLIC, documents_router

__all__ = ["PUBLIC", "documents_router"]
