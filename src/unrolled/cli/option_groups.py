"""Groups of options that several commands share: declared once, and passed to a command as one value."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, NamedTuple, get_type_hints

from typer import Option

TEXT, FLAG, INTEGER, NUMBER = str | None, bool | None, int | None, float | None


class OptionGroup(NamedTuple):
    """Options that belong together."""

    options: Mapping[str, tuple[Any, Any]]  # the annotation and the default of each, by name
    value: Callable[[dict[str, Any]], Any]  # what a command gets, made of the values of the options by name


def option(kind: Any, name: str, explained: str, shown: str | bool = True, default: Any = None) -> tuple[Any, Any]:
    """An option of a group: `name` is that of the command line, `shown` the default in the help."""
    return Annotated[kind, Option(name, help=explained, show_default=shown)], default


def with_option_groups(**groups: OptionGroup) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Put the options of a group in the place of each of these parameters of a command, which gets its value."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[Parameter] = []
        for name, parameter in own_parameters(command).items():
            parameters += [] if name in groups else [parameter]
            for option, (annotation, default) in groups[name].options.items() if name in groups else ():
                parameters.append(Parameter(option, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))

        def run(**given: Any) -> None:
            values = {
                name: group.value({option: given.pop(option) for option in group.options})
                for name, group in groups.items()
            }
            command(**given, **values)

        return with_parameters(command, run, parameters)

    return decorate


def own_parameters(command: Callable[..., None]) -> dict[str, Parameter]:
    """The parameters of a function by name, with their annotations evaluated."""
    hints = get_type_hints(command, include_extras=True)
    return {name: p.replace(annotation=hints[name]) for name, p in signature(command).parameters.items()}


def with_parameters(
    command: Callable[..., None], run: Callable[..., None], parameters: Sequence[Parameter]
) -> Callable[..., None]:
    """A function that runs in place of a command and takes these parameters, as typer reads them."""
    run = wraps(command)(run)
    run.__signature__ = signature(command).replace(parameters=list(parameters))  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # typer would look through to the command's own parameters
    return run
