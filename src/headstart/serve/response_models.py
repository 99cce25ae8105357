"""What the service answers: its OpenAPI is made of these."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Answer(BaseModel):
    """The answer for one photo."""

    file: str = Field(description="The name it was sent under.")
    label: str | None = Field(default=None, description="The most probable class; null where the photo is not read.")
    probability: float | None = Field(default=None, description="Of this class, 0 to 1.")
    probabilities: dict[str, float] = Field(default={}, description="Of every class, most probable first.")
    error: str | None = Field(default=None, description="Why the photo is not read; null where it is.")


class Answers(BaseModel):
    """One answer for each file, in the order of the request."""

    predictions: list[Answer]


class Problem(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="A sentence for people.")


class About(BaseModel):
    """What is served."""

    name: str
    labels: list[str]
    image_size: int = Field(description="Side of the square that photos are scaled to, in pixels.")
    backbone: str
    method: str
    precision: str
    averaged_views: int = Field(description="Views of a photo whose answers are averaged.")
    headstart: str = Field(description="The version that serves it.")


class Health(BaseModel):
    """That the service is up."""

    status: str = Field(description="Always 'ok'.")
