"""The HTTP service: photos in, probabilities out; bad input is answered with a sentence."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, File, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from headstart.classifier.classifier import FEW, Classifier
from headstart.cores import count_cores
from headstart.errors import PhotoError
from headstart.evaluation.heat import lay_heat_over
from headstart.exports.page import WEB as EXPORTED
from headstart.pixels.decode import decode_photo, decode_thumbnail
from headstart.serve.batching import Batcher, Row
from headstart.serve.body_limit import BodyLimit
from headstart.serve.limits import Limits, Refusal
from headstart.serve.meters import Measure, Meters
from headstart.version import __version__

THUMBNAIL_PX = 480
WEB = Path(__file__).parent / "web"
_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not take requests of this kind."}


class Answer(BaseModel):
    """The answer for one photo; ``label`` is null where it cannot be read, and ``error`` says why."""

    file: str
    label: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] = Field(default={}, description="Every class, most probable first.")
    error: str | None = None


class Answers(BaseModel):
    """One answer for each file, in the order of the request."""

    predictions: list[Answer]


class Problem(BaseModel):
    """Why a request was refused."""

    error: str


class About(BaseModel):
    """What is served."""

    name: str
    labels: list[str]
    image_size: int
    backbone: str
    method: str
    precision: str
    averaged_views: int
    headstart: str


def build_app(classifier: Classifier, *, name: str = "classifier", limits: Limits = Limits()) -> FastAPI:  # noqa: B008  frozen
    """Return the service for a classifier, as an ASGI application."""
    service = _Service(classifier, name, limits)
    app = FastAPI(
        title=f"Headstart: {name}", version=__version__, lifespan=service.live,
        description="Photos in, probabilities out. Nothing is stored.",
    )  # fmt: skip
    app.add_middleware(BodyLimit, most_bytes=limits.body_bytes)
    app.add_middleware(Measure, meters=service.meters)
    refusals: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (400, 408, 413, 422, 429)}
    app.post("/predict", responses=refusals)(service.predict)
    app.post("/explain", responses=refusals, response_class=Response)(service.explain)
    app.get("/health")(service.health)
    app.get("/metadata")(service.metadata)
    app.get("/metrics", response_class=Response)(service.metrics)
    app.get("/", response_class=HTMLResponse, include_in_schema=False)(service.index)
    _tell_refusals(app)
    return app


class _Service:
    """What answers the requests."""

    def __init__(self, classifier: Classifier, name: str, limits: Limits) -> None:
        self._classifier, self._name, self._limits = classifier, name, limits
        self.meters = Meters()
        self._batcher = Batcher(classifier.predict_pixels, limits.waiting, self.meters.batch.observe)
        self._decoders = ThreadPoolExecutor(count_cores(), thread_name_prefix="decoder")
        self._page = _render_page(classifier, name)
        self._explaining = threading.Lock()

    @asynccontextmanager
    async def live(self, _: FastAPI) -> AsyncIterator[None]:
        """Make ready for the first client, whose answer would else take longer, and clear up after the last."""
        side = self._classifier.image_size
        for n in (1, 2 * FEW):  # one engine is for few photos, and one for many
            await asyncio.to_thread(self._classifier.predict_pixels, np.zeros((n, side, side, 3), np.uint8))
        yield
        self._decoders.shutdown()
        self._batcher.close()

    async def predict(self, files: Annotated[list[UploadFile], File(description="One photo or several.")]) -> Answers:
        """Predict the labels of photos."""
        limits = self._limits
        if len(files) > limits.files:
            raise Refusal(413, f"Got {len(files)} files, need at most {limits.files} in a request.")
        try:
            async with asyncio.timeout(limits.seconds):
                answers = list(await asyncio.gather(*map(self._answer, files)))
        except TimeoutError:
            raise Refusal(408, f"It took longer than {limits.seconds:g} s. Send fewer photos at a time.") from None
        if all(one.error for one in answers):
            first = answers[0]
            raise Refusal(422, f"No photo could be read, such as '{first.file}': {first.error}.")
        return Answers(predictions=answers)

    async def _answer(self, upload: UploadFile) -> Answer:
        file, most = upload.filename or "photo", self._limits.file_bytes
        if upload.size is not None and upload.size > most:
            return Answer(file=file, error=f"too large: more than {most / 1e6:g} MB")
        try:
            row = await self._ask(await upload.read())
        except PhotoError as error:
            return Answer(file=file, error=str(error))
        labels = self._classifier.labels
        ranked = {labels[i]: float(row[i]) for i in np.argsort(-row, kind="stable")}
        label = next(iter(ranked))
        self.meters.photos.labels(label).inc()
        return Answer(file=file, label=label, probability=ranked[label], probabilities=ranked)

    async def _ask(self, data: bytes) -> Row:
        side, most = self._classifier.image_size, self._limits.pixels
        loop = asyncio.get_running_loop()
        pixels = await loop.run_in_executor(self._decoders, lambda: decode_photo(data, side, max_pixels=most))
        return await asyncio.wrap_future(self._batcher.submit(pixels))

    async def explain(self, file: Annotated[UploadFile, File(description="One photo.")]) -> Response:
        """Return a picture of what in a photo speaks for its label, as PNG."""
        most = self._limits.file_bytes
        if file.size is not None and file.size > most:
            raise Refusal(413, f"The photo is too large, need at most {most / 1e6:g} MB.")
        data = await file.read()
        loop = asyncio.get_running_loop()
        try:
            picture = await loop.run_in_executor(self._decoders, self._draw_heat, data)
        except PhotoError as error:
            raise Refusal(422, f"The photo cannot be read: {error}.") from None
        return Response(picture, media_type="image/png")

    def _draw_heat(self, data: bytes) -> bytes:
        from PIL import Image

        pixels = decode_photo(data, self._classifier.image_size, max_pixels=self._limits.pixels)
        with self._explaining:
            heat = self._classifier.explainer.explain_pixels(pixels).heat
        stream = io.BytesIO()
        Image.fromarray(lay_heat_over(decode_thumbnail(data, THUMBNAIL_PX), heat)).save(stream, "PNG")
        return stream.getvalue()

    async def health(self) -> dict[str, str]:
        """Say that the service is up."""
        return {"status": "ok"}

    async def metadata(self) -> About:
        """Say what is served."""
        about = self._classifier.metadata
        return About(
            name=self._name, labels=list(about.labels), image_size=about.image_size, backbone=about.spec.name,
            method=about.method, precision=self._classifier.precision, averaged_views=about.n_averaged,
            headstart=__version__,
        )  # fmt: skip

    async def metrics(self) -> Response:
        """Return counters and times in the format of Prometheus."""
        return Response(generate_latest(self.meters.registry), media_type=CONTENT_TYPE_LATEST)

    async def index(self) -> HTMLResponse:
        """Return the page on which photos can be tried."""
        return HTMLResponse(self._page)


def _render_page(classifier: Classifier, name: str) -> str:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader([WEB, EXPORTED]), autoescape=True)
    about = {"name": name, "labels": list(classifier.labels), "version": __version__}
    return environment.get_template("index.html.jinja").render(about=about)


def _tell_refusals(app: FastAPI) -> None:
    """Answer whatever is wrong with a request in one form: ``{"error": sentence}``."""

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> JSONResponse:
        headers = {"Retry-After": "1"} if refusal.status == 429 else None
        return JSONResponse({"error": str(refusal)}, refusal.status, headers)

    @app.exception_handler(RequestValidationError)
    async def name_what_is_needed(_: Request, __: RequestValidationError) -> JSONResponse:
        sentence = "Send photos as multipart/form-data, in fields named 'files' (to /explain one, in 'file')."
        return JSONResponse({"error": sentence}, 422)

    @app.exception_handler(HTTPException)
    async def say_it(_: Request, error: HTTPException) -> JSONResponse:
        sentence = _SENTENCES.get(error.status_code, f"{error.detail}.")
        return JSONResponse({"error": sentence}, error.status_code, error.headers)
