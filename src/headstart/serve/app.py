"""The HTTP service: photos in, probabilities out; bad input is answered with a sentence."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any

import numpy as np
from fastapi import Depends, FastAPI, File, UploadFile
from fastapi.responses import HTMLResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from headstart.classifier.classifier import FEW, Classifier
from headstart.errors import PhotoError
from headstart.exports.html_page import WEB as EXPORTED
from headstart.pixels.decode import decode_photo, decode_thumbnail
from headstart.process.cores import count_cores
from headstart.report.heat_overlay import overlay_heat_map
from headstart.serve.batching import Batcher, Row
from headstart.serve.body_limit import BodyLimit
from headstart.serve.docs_page import SAFE, WEB, show_docs
from headstart.serve.error_responses import describe_refusals, make_text, refuse_unknown, tell_refusals
from headstart.serve.limits import Limits, Refusal
from headstart.serve.metrics import Measure, Meters
from headstart.serve.response_models import About, Answer, Answers, Health
from headstart.version import __version__

THUMBNAIL_PX = 480


def build_app(classifier: Classifier, *, name: str = "classifier", limits: Limits = Limits()) -> FastAPI:  # noqa: B008  frozen
    """Return the service for a classifier, as an ASGI application."""
    service = _Service(classifier, name, limits)
    app = FastAPI(
        title=f"Headstart: {name}", version=__version__, lifespan=service.live, docs_url=None, redoc_url=None,
        description="Photos in, probabilities out. Nothing is stored. Addresses that are read (GET) ignore parameters.",
    )  # fmt: skip
    app.add_middleware(BodyLimit, most_bytes=limits.body_bytes)
    app.add_middleware(Measure, meters=service.meters)
    _add_questions(app, service, limits)
    refusals = describe_refusals(400, 405, 413, 500)
    app.get("/health", responses=refusals, response_description="It is up.")(service.health)
    app.get("/metadata", responses=refusals, response_description="The classifier.")(service.metadata)
    app.get(
        "/metrics", responses=_answer_by("text/plain") | refusals, response_class=Response,
        response_description="Counters and histograms.",
    )(service.metrics)  # fmt: skip
    app.get("/", response_class=HTMLResponse, include_in_schema=False)(service.index)
    app.get("/docs", response_class=HTMLResponse, include_in_schema=False)(show_docs)
    tell_refusals(app)
    return app


def _add_questions(app: FastAPI, service: _Service, limits: Limits) -> None:
    each = (
        f"A photo has at most {limits.file_bytes / 1e6:g} MB and {limits.pixels / 1e6:g} million pixels; "
        f"an answer takes at most {limits.seconds:g} s."
    )
    app.post(
        "/predict", dependencies=[Depends(refuse_unknown("files"))],
        responses=describe_refusals(400, 405, 408, 413, 422, 429, 500),
        response_description="At least one photo was read.",
        description=f"Predict the labels of photos, at most {limits.files} in a request of at most "
        f"{limits.body_bytes / 1e6:g} MB. {each} One that cannot be read among others has an error in its place.",
    )(service.predict)  # fmt: skip
    app.post(
        "/explain", dependencies=[Depends(refuse_unknown("file"))], response_class=Response,
        response_description="The photo under its heat map.",
        responses=_answer_by("image/png") | describe_refusals(400, 405, 408, 413, 422, 500),
        description=f"Return a picture of what in a photo speaks for its label, as PNG. {each}",
    )(service.explain)  # fmt: skip


def _answer_by(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": {"type": "string"}}}}}


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

    async def predict(
        self, files: Annotated[list[UploadFile], File(min_length=1, description="One photo or several.")]
    ) -> Answers:
        """Predict the labels of photos."""
        limits = self._limits
        if len(files) > limits.files:
            raise Refusal(413, f"Got {len(files)} files, need at most {limits.files} in a request.")
        async with self._in_time():
            answers = list(await asyncio.gather(*map(self._answer, files)))
        if all(one.error for one in answers):
            first = answers[0]
            raise Refusal(422, f"No photo could be read, such as '{first.file}': {first.error}.")
        return Answers(predictions=answers)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        seconds = self._limits.seconds
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise Refusal(408, f"It took longer than {seconds:g} s. Send fewer photos at a time.") from None

    async def _answer(self, upload: UploadFile) -> Answer:
        file, most = make_text(upload.filename or "photo"), self._limits.file_bytes
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
            async with self._in_time():
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
        Image.fromarray(overlay_heat_map(decode_thumbnail(data, THUMBNAIL_PX), heat)).save(stream, "PNG")
        return stream.getvalue()

    async def health(self) -> Health:
        """Say that the service is up."""
        return Health(status="ok")

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
        return HTMLResponse(self._page, headers=SAFE)


def _render_page(classifier: Classifier, name: str) -> str:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader([WEB, EXPORTED]), autoescape=True)
    about = {"name": name, "labels": list(classifier.labels), "version": __version__}
    return environment.get_template("index.html.jinja").render(about=about)
