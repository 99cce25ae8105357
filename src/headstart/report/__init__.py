"""All drawing: figures, grids of photos, heat maps, the report page, the model card."""
