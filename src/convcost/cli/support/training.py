"""Options of a training step: --optimizer, --loss, --freeze, --input-gradient."""

from __future__ import annotations

import click

from convcost.cli.support import completion
from convcost.cli.support.together import together

#: --optimizer, --freeze, --loss.
with_loss = together(
    click.option("--optimizer", metavar="NAME", shell_complete=completion.optimizers,
                 help="With --training: adam, momentum ...; by default no update is counted."),
    click.option("--freeze", metavar="PATTERN", multiple=True,
                 help="With --training: layers that are not trained, by name: 'conv*'; "
                 "repeatable."),
    click.option("--loss", metavar="NAME", shell_complete=completion.losses,
                 help="With --training: cross-entropy, mse ...; by default `count` and `explain` "
                 "have none, the others cross-entropy."),
)  # fmt: skip

#: --optimizer, --freeze, --loss, --input-gradient.
training_step = together(
    with_loss,
    click.option("--input-gradient", is_flag=True,
                 help="With --training: the gradient of the network's inputs too."),
)  # fmt: skip
