"""The JSON answers of the service; its OpenAPI is generated from these models."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PhotoPrediction(BaseModel):
    """Prediction for one photo."""

    file: str = Field(description="Name of the uploaded file.")
    answer: str | None = Field(
        default=None, description="The label, or 'none of these' if the photo is refused; null if it cannot be read."
    )
    label: str | None = Field(
        default=None, description="The class, also of a refused photo; null if the photo cannot be read."
    )
    probability: float | None = Field(default=None, description="Probability of this class, 0 to 1.")
    probabilities: dict[str, float] = Field(
        default={}, description="Probability of each class, the answer first, then the highest."
    )
    error: str | None = Field(default=None, description="Reason why the photo cannot be read; null otherwise.")
    warning: str | None = Field(default=None, description="Why a part of the photo may be garbled; null otherwise.")
    decided_by: str | None = Field(
        default=None, description="Why the label is not the most probable class; null if it is."
    )
    novelty: float | None = Field(
        default=None,
        description="Share of the classifier's own photos that are at least as strange, 0 to 1; null if the classifier "
        "cannot tell, or the photo cannot be read.",
    )
    is_known: bool | None = Field(
        default=None,
        description="False if the photo is refused: it is unlike those that the classifier knows; null if it cannot be "
        "read.",
    )
    label_set: list[str] | None = Field(
        default=None,
        description="Labels among which the right one is as often as label_set_level of the service says, on average "
        "over photos like the classifier's own: the answer first, then the most probable. Null if the service gives no "
        "label sets, or the photo is refused or cannot be read.",
    )


class Predictions(BaseModel):
    """One prediction for each file, in the order of the request."""

    predictions: list[PhotoPrediction]


class ErrorMessage(BaseModel):
    """Reason why a request is rejected."""

    error: str = Field(description="One sentence for people.")


class ServiceInfo(BaseModel):
    """The classifier of the service."""

    name: str
    labels: list[str]
    image_size: int = Field(description="Side of the square that photos are scaled to, in pixels.")
    backbone: str
    method: str
    precision: str
    averaged_views: int = Field(description="Number of views of a photo over which the answers are averaged.")
    decision: str | None = Field(description="Rule of the answer; null if it is the most probable class.")
    refused_share: float | None = Field(
        description="Share of the classifier's own photos that may be refused; null if no photo is refused."
    )
    label_set_level: float | None = Field(
        description="Share of label sets that was asked to hold the right label; null if there are no label sets."
    )
    label_set_expected: float | None = Field(
        description="Share of label sets that is expected to hold the right label: label_set_level, or the share of "
        "held-out photos whose most probable label was right, if that is higher; null if there are no label sets."
    )
    headstart: str = Field(description="Version of Headstart.")


class RecentPhotos(BaseModel):
    """The last photos, up to 200."""

    n_photos: int
    n_refused: int
    mean_novelty: float | None = Field(description="0.5 is expected of new photos; null if the classifier cannot tell.")


class Drift(BaseModel):
    """Running shares since the service started, and whether the photos are still like the training photos."""

    n_photos: int = Field(description="Photos answered.")
    n_refused: int = Field(description="Photos answered: none of these.")
    refused_share: float | None = Field(description="Share of refused photos; null if there are no photos.")
    expected_refused_share: float | None = Field(
        description="Share of the classifier's own photos that may be refused; null if no photo is refused."
    )
    mean_novelty: float | None = Field(description="0.5 is expected of new photos; null if the classifier cannot tell.")
    labels: dict[str, int] = Field(description="Photos answered with each label. Refused photos are left out.")
    recent: RecentPhotos
    is_drifting: bool | None = Field(
        description="True if the photos are not like the training photos; null if the classifier cannot tell."
    )
    evidence: float = Field(description="Evidence that they are not like the training photos.")
    alarm_at: float | None = Field(description="Evidence at which an alarm begins.")
    alarm_ends_at: float | None = Field(description="Evidence below which the alarm ends.")
    n_alarms: int = Field(
        description="How often an alarm began. One lasting change is one alarm. Over 100,000 photos, one may be false."
    )
    last_alarm: int | None = Field(description="Number of the photo at which the last alarm began.")
    false_alarms: str | None = Field(description="How rare false alarms are.")
    sentence: str = Field(description="The state for people.")


class Health(BaseModel):
    """Status of the service."""

    status: str = Field(description="Always 'ok'.")
