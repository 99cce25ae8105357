"""Splits that are drawn at random: with other shares, and only where no folder and no row names a split."""

from __future__ import annotations

from headstart.catalog.catalog import Catalog
from headstart.catalog.redrawing import redraw_splits
from headstart.errors import CatalogError
from headstart.methods.settings import Settings


def draw_asked_split(catalog: Catalog, settings: Settings) -> Catalog:
    """Draw the split again if the settings give shares; check that it can be drawn again if they ask for repeats.

    Raises
    ------
    CatalogError
        If folders or rows name the split of a photo, or if no test photos are left for repeats.
    """
    asked = [
        option
        for option, value in (
            ("--test-share", settings.test_share),
            ("--validation-share", settings.validation_share),
            ("--repeats", settings.repeats if settings.repeats > 1 else None),
        )
        if value is not None
    ]
    if not asked:
        return catalog
    if not all(photo.is_drawn for photo in catalog.photos):
        raise CatalogError(
            f"Cannot draw the split of '{catalog.source}': got photos whose split is named by folders or by a table, "
            f"need photos without one for {' and '.join(asked)}. Leave the option out, or put the photos of each class "
            "into one folder, without train, validation and test folders. In a table, leave out the column split.",
            path=catalog.source,
        )
    if settings.test_share is not None or settings.validation_share is not None:
        test, validation = settings.shares
        shares = {"train": 100 - test - validation, "validation": validation, "test": test}
        catalog = redraw_splits(catalog, shares=shares)
    if settings.repeats > 1 and not catalog.select("test"):
        raise CatalogError(
            f"Cannot repeat the training on '{catalog.source}': got no test photos, need some in each split. Add "
            "photos, or leave out --repeats.",
            path=catalog.source,
        )
    return catalog
