"""The panels of the help pages, and the options in each."""

# in the order of a help page; options that are in none of them are listed under "Options"
PANELS = {
    "Reading": (
        *("id_column", "time_column", "target", "freq", "season", "wide", "na", "aggregate", "start"),
        *("open", "zone", "dates", "decimal", "delimiter", "encoding", "sheet", "header", "skip_rows", "max_bytes"),
        *("past", "future", "static", "weight", "future_file"),
    ),
    "Forecast": ("horizon", "windows", "step", "refit", "level", "point", "nonnegative", "integer", "baselines"),
    "Model": (
        *("network", "cell", "hidden", "layers", "window", "segment", "scaling", "decoder", "reach"),
        *("calendar", "holidays", "log"),
        *("likelihood", "steps", "batch_size", "rate", "weight_decay", "dropout", "ensemble", "combine", "seed"),
    ),
    "Automatic choice": ("budget", "max_trials"),
    "Output": (
        *("series", "past_rows", "out", "form", "by_series", "alias"),
        *("excel_safe", "out_decimal", "as_json", "quiet"),
    ),
    "Options": ("config",),
}
ARGUMENTS, OPTIONS = "Arguments", "Options"
_PANEL_OF = {name: panel for panel, names in PANELS.items() for name in names}


def panel_of(name: str, argument: bool) -> str:
    """The panel of a parameter.

    >>> panel_of("hidden", argument=False)
    'Model'
    """
    return ARGUMENTS if argument else _PANEL_OF.get(name, OPTIONS)
