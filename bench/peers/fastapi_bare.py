"""FastAPI with a response model and nothing else: no key, no limit, no headers, no log."""

from datetime import datetime
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel

from bench import sample


class Pet(BaseModel):
    id: UUID
    name: str
    species: str
    breed: str | None
    status: str
    weight_kg: float | None
    created_at: datetime
    updated_at: datetime
    version: int


ONE = Pet(**sample.pet(0))
PAGE = [Pet(**pet) for pet in sample.pets(20)]
LARGE_PAGE = [Pet(**pet) for pet in sample.pets(200)]

app = FastAPI()


@app.get("/pets")
async def pets() -> list[Pet]:
    return PAGE


@app.get("/pet")
async def one_pet() -> Pet:
    return ONE


@app.get("/pets-200")
async def large_page() -> list[Pet]:
    return LARGE_PAGE
