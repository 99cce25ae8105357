"""One method on one catalog: settings, features, a fitted head, a trained tail, metrics."""
