"""The command line: ``headstart COMMAND``."""

from __future__ import annotations

import sys

import click

from headstart.cli.advise import advise
from headstart.cli.audit import audit
from headstart.cli.backbones import backbones
from headstart.cli.cache import cache
from headstart.cli.demo import demo
from headstart.cli.diff import diff
from headstart.cli.embed import embed
from headstart.cli.evaluate import evaluate
from headstart.cli.export import export
from headstart.cli.forget import forget
from headstart.cli.predict import predict
from headstart.cli.replay import replay
from headstart.cli.serve import serve
from headstart.cli.show import show
from headstart.cli.similar import similar
from headstart.cli.suggest import suggest
from headstart.cli.track import track
from headstart.cli.train import train
from headstart.storage.cache_users import mark_cache_used
from headstart.version import __version__

NO_USERS = ("cache", "forget", "show", "diff", "track", "serve")  # commands that keep nothing of photos in the cache


class _CommandGroup(click.Group):
    """The group of commands, listed in the order in which they are added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  Click's signature
        return list(self.commands)


@click.group(
    cls=_CommandGroup,
    epilog="First look: headstart demo. Then: headstart train PHOTOS.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110, "show_default": True},
)
@click.version_option(__version__, prog_name="headstart", message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """Point it at a folder of labelled photos and get a trustworthy image classifier in seconds."""
    if context.invoked_subcommand not in NO_USERS and not {"-h", "--help", "--no-cache"} & set(sys.argv):
        context.with_resource(mark_cache_used())


for command in (
    train, predict, evaluate, show, export, serve, track, replay, diff, audit, suggest, similar, advise, embed,
    backbones, demo, cache, forget,
):  # fmt: skip
    app.add_command(command)
