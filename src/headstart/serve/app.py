"""The HTTP service: photos in, probabilities out; invalid input is answered with a sentence."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import UploadFile
from starlette.middleware.cors import CORSMiddleware

from headstart.classifier.classifier import Classifier
from headstart.classifier.engines import FEW
from headstart.classifier.prediction import Prediction
from headstart.classifier.refusal import say_refusal
from headstart.errors import PhotoError
from headstart.evaluation.drift import DriftWatch, make_drift_test
from headstart.pixels.damage import collect_damage
from headstart.pixels.decode import decode_photo, decode_thumbnail
from headstart.pixels.resizing import Pixels
from headstart.process.cores import count_cores
from headstart.report.heat_overlay import overlay_heat_map
from headstart.serve.access import Access, AccessGuard
from headstart.serve.batching import Batcher
from headstart.serve.body_limit_middleware import BodyLimit
from headstart.serve.decoder_pool import DecoderPool
from headstart.serve.docs_page import SAFE, render_template, show_docs
from headstart.serve.error_responses import add_error_handlers, describe_rejections, make_text
from headstart.serve.limits import Limits, Rejection
from headstart.serve.metrics import MetricsMiddleware, ServiceMetrics
from headstart.serve.photo_requests import describe_body, read_uploads
from headstart.serve.response_models import Drift, Health, PhotoPrediction, Predictions, ServiceInfo
from headstart.serve.root_path_middleware import RootPath, clean_root_path
from headstart.serve.stop_middleware import AnswerAtTheEnd
from headstart.version import __version__

THUMBNAIL_PX = 480
N_AT_ONCE = 4  # photos of one request that are decoded together: others take turns with it


def build_app(
    classifier: Classifier, *, name: str = "classifier", limits: Limits = Limits(), access: Access = Access(),  # noqa: B008  frozen
    root_path: str = "",
) -> FastAPI:  # fmt: skip
    """Return the service for a classifier, as an ASGI application; by default only for names of this machine."""
    service = _Service(classifier, name, limits)
    app = FastAPI(
        title=f"Headstart: {name}", version=__version__, lifespan=service.run_lifespan, docs_url=None, redoc_url=None,
        description="Photos in, probabilities out. Nothing is stored. GET requests ignore parameters.",
    )  # fmt: skip
    # the last one that is added sees a request first
    app.add_middleware(BodyLimit, max_bytes=limits.max_body_bytes, max_bytes_in_flight=limits.max_bytes_in_flight)
    app.add_middleware(AccessGuard, access=access)
    if access.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=sorted(access.origins), allow_methods=["GET", "POST"], allow_headers=["*"],
            expose_headers=["Retry-After"],
        )  # fmt: skip
    app.add_middleware(MetricsMiddleware, metrics=service.counters)
    app.add_middleware(RootPath, root_path=clean_root_path(root_path))
    app.add_middleware(AnswerAtTheEnd)
    _add_photo_routes(app, service, limits)
    rejections = describe_rejections(400, 403, 405, 413, 431, 500)
    app.get("/health", responses=rejections, response_description="The service runs.")(service.health)
    app.get("/metadata", responses=rejections, response_description="The classifier.")(service.metadata)
    app.get("/drift", responses=rejections, response_description="The state of the photos so far.")(service.drift)
    app.get(
        "/metrics", responses=_describe_content("text/plain") | rejections, response_class=Response,
        response_description="Counters and histograms.",
    )(service.metrics)  # fmt: skip
    app.get("/", response_class=HTMLResponse, include_in_schema=False)(service.index)
    app.get("/docs", response_class=HTMLResponse, include_in_schema=False)(show_docs)
    add_error_handlers(app)
    return app


def _add_photo_routes(app: FastAPI, service: _Service, limits: Limits) -> None:
    each = (
        f"A photo has at most {limits.max_file_bytes / 1e6:g} MB and {limits.max_pixels / 1e6:g} million pixels. "
        f"An answer takes at most {limits.timeout_s:g} s. The photo is a field of a form, named files or file, or the "
        "whole body, with a Content-Type such as image/jpeg."
    )
    rejections = describe_rejections(400, 403, 405, 408, 413, 422, 429, 431, 500, 503)
    app.post(
        "/predict", responses=rejections, openapi_extra=describe_body("files", "file"),
        response_description="At least one photo can be read.",
        description=f"Predict the labels of photos, at most {limits.max_files} in a request of at most "
        f"{limits.max_body_bytes / 1e6:g} MB. {each} If some photos cannot be read, each of them has an error instead.",
    )(service.predict)  # fmt: skip
    app.post(
        "/explain", response_class=Response, openapi_extra=describe_body("file", "files"),
        response_description="The photo with its heat map.", responses=_describe_content("image/png") | rejections,
        description=f"Return one photo with a heat map of the evidence for its label, as PNG. {each}",
    )(service.explain)  # fmt: skip


def _describe_content(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": {"type": "string"}}}}}


class _Service:
    """The functions that answer requests, with the classifier and its threads."""

    def __init__(self, classifier: Classifier, name: str, limits: Limits) -> None:
        self._classifier, self._name, self._limits = classifier, name, limits
        self.counters = ServiceMetrics()
        self._batcher = Batcher(self._judge, limits.max_waiting, self.counters.batch.observe)
        self._decoders = DecoderPool(count_cores())
        about: dict[str, Any] = {"name": name, "labels": list(classifier.labels), "version": __version__}
        rules, n_units = classifier.rules, classifier.metadata.n_novelty_photos
        about |= rules.to_page(classifier.metadata) | {"refusal": say_refusal(rules.refused_share, n_units)}
        self._drift = DriftWatch(make_drift_test(n_units, rules.refused_share), rules.refused_share)
        self._page = render_template("index.html.jinja", about=about)
        self._explaining = threading.Lock()

    @asynccontextmanager
    async def run_lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Warm up the classifier, so that the first request is as fast as others; at the end stop the threads."""
        side = self._classifier.image_size
        for n in (1, 2 * FEW):  # one engine computes few photos, another one many
            await asyncio.to_thread(self._classifier.predict_pixels, np.zeros((n, side, side, 3), np.uint8))
        yield
        self._decoders.close()
        self._batcher.close()

    async def predict(self, request: Request) -> Predictions:
        """Predict the labels of photos."""
        async with (
            read_uploads(request, self._limits.max_files, self._limits.max_file_bytes) as uploads,
            self._limit_time(),
        ):
            turns = asyncio.Semaphore(N_AT_ONCE)
            answers = list(await asyncio.gather(*(self._predict_upload(upload, turns) for upload in uploads)))
        if all(one.error for one in answers):
            first = answers[0]
            raise Rejection(422, f"No photo can be read, such as '{first.file}': {first.error}.")
        return Predictions(predictions=answers)

    @asynccontextmanager
    async def _limit_time(self) -> AsyncIterator[None]:
        seconds = self._limits.timeout_s
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise Rejection(408, f"The answer takes longer than {seconds:g} s. Send fewer photos at a time.") from None

    async def _predict_upload(self, upload: UploadFile, turns: asyncio.Semaphore) -> PhotoPrediction:
        file, max_bytes = make_text(upload.filename or "photo"), self._limits.max_file_bytes
        if upload.size is not None and upload.size > max_bytes:
            return PhotoPrediction(file=file, error=f"too large: more than {max_bytes / 1e6:g} MB")
        try:
            found, warning = await self._classify(upload, turns)
        except PhotoError as error:
            return PhotoPrediction(file=file, error=str(error))
        self._count(found)
        label_set = None if found.label_set is None else list(found.label_set)
        return PhotoPrediction(
            file=file, answer=found.answer, label=found.label, probability=found.probability,
            probabilities=found.probabilities, warning=warning, decided_by=found.decided_by, novelty=found.novelty,
            is_known=found.is_known, label_set=label_set,
        )  # fmt: skip

    def _count(self, found: Prediction) -> None:
        self._drift.add(str(found.label), found.novelty)
        if found.is_known:
            self.counters.photos.labels(found.label).inc()
        else:
            self.counters.refused.inc()
        if found.novelty is not None:
            self.counters.novelty.observe(found.novelty)

    def _judge(self, pixels: Pixels) -> list[Prediction]:
        probabilities, novelties = self._classifier.judge_pixels(pixels)
        strange = [None] * len(probabilities) if novelties is None else novelties.tolist()
        answer = self._classifier.rules.answer
        return [answer(None, row, novelty) for row, novelty in zip(probabilities, strange, strict=True)]

    async def _classify(self, upload: UploadFile, turns: asyncio.Semaphore) -> tuple[Prediction, str | None]:
        side, limits = self._classifier.image_size, self._limits.decoding

        def decode() -> tuple[Pixels, str | None]:
            with collect_damage() as found:
                pixels = decode_photo(data, side, limits=limits, depth=self._classifier.metadata.depth)
            return pixels, next(iter(found), None)

        async with turns:
            data = await upload.read()
            pixels, warning = await self._decoders.run(decode)
        return await asyncio.wrap_future(self._batcher.submit(pixels)), warning

    async def explain(self, request: Request) -> Response:
        """Return the photo with a heat map of the evidence for its label, as PNG."""
        max_bytes = self._limits.max_file_bytes
        async with read_uploads(request, 1, max_bytes) as [upload]:
            if upload.size is not None and upload.size > max_bytes:
                raise Rejection(413, f"The photo is too large, need at most {max_bytes / 1e6:g} MB.")
            data = await upload.read()
        try:
            async with self._limit_time():
                picture = await self._decoders.run(lambda: self._draw_heat(data))
        except PhotoError as error:
            raise Rejection(422, f"The photo cannot be read: {error}.") from None
        return Response(picture, media_type="image/png")

    def _draw_heat(self, data: bytes) -> bytes:
        from PIL import Image

        whole = self._limits.decoding
        limits = replace(whole, timeout_s=whole.timeout_s / 2)  # the photo is decoded twice
        depth = self._classifier.metadata.depth
        pixels = decode_photo(data, self._classifier.image_size, limits=limits, depth=depth)
        with self._explaining:
            heat = self._classifier.explainer.explain_pixels(pixels).heat
        stream = io.BytesIO()
        photo = decode_thumbnail(data, THUMBNAIL_PX, limits=limits, depth=depth)
        Image.fromarray(overlay_heat_map(photo, heat)).save(stream, "PNG")
        return stream.getvalue()

    async def health(self) -> Health:
        """Return the status of the service."""
        return Health(status="ok")

    async def metadata(self) -> ServiceInfo:
        """Return labels and settings of the classifier."""
        about, rules = self._classifier.metadata, self._classifier.rules
        return ServiceInfo(
            name=self._name, labels=list(about.labels), image_size=about.image_size, backbone=about.spec.name,
            method=about.method, precision=self._classifier.precision, averaged_views=about.n_averaged,
            decision=None if about.decision is None else about.decision.describe(), headstart=__version__,
            refused_share=rules.refused_share, label_set_level=rules.level, label_set_expected=rules.expected,
        )  # fmt: skip

    async def drift(self) -> Drift:
        """Return running shares since the service started, and whether the photos are like the training photos.

        They are numbers in the memory of this service; no photo is kept.
        """
        return Drift(**self._drift.describe())

    async def metrics(self) -> Response:
        """Return counters and times in the format of Prometheus."""
        self.counters.note_drift(self._drift.describe())
        return Response(generate_latest(self.counters.registry), media_type=CONTENT_TYPE_LATEST)

    async def index(self) -> HTMLResponse:
        """Return the page to try the classifier on photos."""
        return HTMLResponse(self._page, headers=SAFE)
