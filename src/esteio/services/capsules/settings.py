"""What operators may set, under `ESTEIO_CAPSULES__…`."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from esteio.services.capsules.states import LARGEST_FILE, Provider
from esteio.upstream.party import PartyUrl


class CapsulesSettings(BaseModel):
    """How capsules are made and kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider = Field(
        default="template", description="who makes capsules whose request names nobody; gemini writes on top"
    )
    restorable_days: int = Field(default=30, ge=1, le=365, description="how long a deleted capsule can be restored")
    versions: int = Field(default=100, ge=1, le=10_000, description="versions that a capsule may have")
    largest_file: int = Field(default=LARGEST_FILE, ge=1024, le=LARGEST_FILE, description="bytes of one file")
    most_files: int = Field(default=5_000, ge=10, le=100_000, description="files of one version")
    capsule_bytes: int = Field(
        default=256 * 1_048_576, ge=65_536, le=10 * 1024**3, description="bytes of all files of one version"
    )
    gemini_api_key: SecretStr = Field(default=SecretStr(""), description="key of the Gemini API; empty: templates only")
    gemini_url: PartyUrl = Field(
        default="https://generativelanguage.googleapis.com", description="where the Gemini API is"
    )
    gemini_model: str = Field(
        default="gemini-3.1-flash", pattern=r"^[A-Za-z0-9._/-]{1,100}$", description="model that writes domain code"
    )
    gemini_timeout: float = Field(default=120.0, ge=1, le=300, description="seconds that one answer may take")
    trial_seconds: float = Field(
        default=30.0, ge=1, le=120, description="seconds that the tests of what the model wrote may take"
    )
