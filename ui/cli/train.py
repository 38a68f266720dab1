"""`diabolo train VARIANT`: one sub-command for each variant, with the variant's own options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.runtime.errors import PluginError, UnknownNameError, UsageError
from diabolo.runtime.listing import quoted
from diabolo.ui.cli._shared.settings import SettingOption, network_options, options

if TYPE_CHECKING:
    from pathlib import Path

    from diabolo.train import Run
    from diabolo.ui.cli._shared.progress import Bar

__all__ = ["command"]


class _Variants(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        from diabolo.train import variants

        return variants.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from diabolo.train import variants

        return _variant_command(cmd_name, variants.find(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the variants; if one of another package cannot be loaded, show why and list the rest."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
                rows.append((name, command.get_short_help_str(80) if command else ""))
            except PluginError as error:
                rows.append((name, str(error)))
        with formatter.section("Variants"):
            formatter.write_dl(rows)


@click.command(cls=_Variants, short_help="Train a variant on a dataset or a folder of images.")
def command() -> None:
    """Train a VARIANT on a dataset or on a folder of images.

    \b
    diabolo train vae --dataset mnist -o runs/vae
    diabolo train conv --dataset ./photos --epochs 20
    diabolo train sparse --help        options of this variant
    """


def _variant_command(name: str, module: Any) -> click.Command:
    from diabolo.train import Config

    kind = module.Variant(module.Options())
    own = options(module.Options)
    dataset, *others = options(Config, kind)
    networks = network_options([each.name for each in (*own, dataset, *others)])
    return click.Command(
        name,
        params=[*own, dataset, _recipe_option(), *others, *networks, *_run_options()],
        callback=lambda **given: _train(name, _grouped(given, variant_options=own, network_options=networks)),
        help=f"Train the variant '{name}': {kind.summary}.\n\nWrites a run folder: the best weights, "
        "the training history, metrics on the test split, and plots.",
        short_help=kind.summary,
    )


def _recipe_option() -> click.Option:
    return click.Option(
        ["--recipe"],
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_recipe,
        help="A TOML file of options, such as epochs = 30; options on the command line override it.",
    )


def _run_options() -> list[click.Option]:
    out = "The run folder. [default: runs/VARIANT-DATASET]"
    resume = "Continue the run in the run folder, with the settings stored there."
    preview = "Also write the progress, and pictures of every validation, to RUN/preview, as the app does."
    return [
        click.Option(["-o", "--out"], metavar="RUN", help=out),
        click.Option(["--resume"], is_flag=True, help=resume),
        click.Option(["--preview"], is_flag=True, help=preview),
    ]


def _recipe(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
    """Use a recipe's values as the defaults of the other options."""
    if path is None:
        return
    values = _toml(path)
    variant = values.pop("variant", ctx.info_name)
    if variant != ctx.info_name:
        raise UsageError(
            f"the recipe {path!r} is for {variant!r}, not {ctx.info_name!r}. Use: "
            f"diabolo train {variant} --recipe {quoted(path)}"
        )
    ctx.default_map = {**(ctx.default_map or {}), **_read(ctx.command.params, values, path)}


def _toml(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a message for whatever goes wrong
            return tomllib.load(file)
    except OSError as error:
        raise UsageError(f"the recipe {path!r} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the recipe {path!r} is not TOML: {error}.") from None


def _read(params: list[click.Parameter], values: dict[str, Any], path: str) -> dict[str, Any]:
    """A recipe's values by option name, each checked by its setting.

    Options with an environment variable depend on the machine, so a recipe cannot set them.
    """
    known = {p.setting.name: p.setting for p in params if isinstance(p, SettingOption) and not p.envvar}
    opposites = {one.rules.off: name for name, one in known.items() if one.rules.off}
    found = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name in opposites and isinstance(value, bool):
            name, value = opposites[name], not value
        if name not in known:
            allowed = [one.key for one in known.values()]
            raise UnknownNameError(f"option in the recipe {path!r}:", key.replace("_", "-"), allowed)
        found[name] = known[name].read(value)
    return found


def _grouped(given: dict[str, Any], **groups: list[click.Option]) -> dict[str, Any]:
    """The values with those of each group in a dict of its own; an option that was not given is left out."""
    rest, grouped = dict(given), {}
    for group, members in groups.items():
        values = {str(each.name): rest.pop(str(each.name)) for each in members}
        grouped[group] = {name: value for name, value in values.items() if value is not None}
    return rest | grouped


def _train(variant: str, given: dict[str, Any]) -> None:
    from pathlib import Path

    from diabolo.train import Config, fit
    from diabolo.train.distributed import init_distributed
    from diabolo.ui.cli._shared.figures import show
    from diabolo.ui.cli._shared.progress import Bar

    out, resumed, preview = (given.pop(name) for name in ("out", "resume", "preview"))
    dataset = given["dataset"]
    if not dataset and not (resumed and out):
        raise UsageError("give --dataset NAME or --dataset FOLDER, such as --dataset glyphs.")
    folder = Path(out or f"runs/{variant}-{Path(dataset).resolve().name}")
    with Bar() as bar:
        if resumed:
            run = _resume(folder, bar, preview)
        else:
            run = fit(Config.make(variant, **given), folder, callback=bar, preview=preview)
    if not init_distributed(run.config.device).is_main:
        return
    bar.note(f"run: {folder}   next: diabolo export {quoted(folder)}")
    show(run.metrics())


def _resume(folder: Path, bar: Bar, preview: bool) -> Run:
    """Continue the run; of its settings, only those that were given and may change are changed."""
    from diabolo.train import resume
    from diabolo.ui.cli._shared.resumed import changes

    return resume(folder, **changes(click.get_current_context(), folder), callback=bar, preview=preview)
