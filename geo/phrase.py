"""A sentence that is written in English and can be told in other languages.

What says a sentence (a row's reader, a rule) knows English only; who shows it knows the reader's
language. A `Phrase` is the English text, wherever a text is wanted, and keeps its parts, so that
the page, a workbook or the command line can say the same in the words of its reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Phrase(str):
    """A text made of a template with fields in braces and what stands in them; see `phrase`."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object]) -> Self:
        """Write the template out in English."""
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and send to another process with its parts."""
        return type(self), (self.template, dict(self.values))


class Named(str):
    """What a thing is called: a text in English that knows its names in other languages."""

    __slots__ = ("names",)

    names: Mapping[str, str]

    def __new__(cls, names: Mapping[str, str], otherwise: str) -> Self:
        """Take names by language code; `otherwise` is said where the language has none."""
        made = super().__new__(cls, names.get("en") or otherwise)
        made.names = names
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and send to another process with its names."""
        return type(self), (dict(self.names), str(self))


def phrase(template: str, **values: object) -> Phrase:
    """Say a sentence: `template` is a literal, so that the catalogues can collect it.

    >>> phrase("{kg} are {tonnes} t", kg="2000 kg", tonnes=2)
    '2000 kg are 2 t'
    """
    return Phrase(template, values)


def joined(parts: Iterable[str], separator: str) -> str:
    """Put texts behind one another, each of which is told by itself; "" where there are none."""
    values = {f"part{at}": part for at, part in enumerate(parts)}
    return Phrase(separator.join(f"{{{name}}}" for name in values), values) if values else ""


def told(text: str, translate: Callable[[str], str], language: str = "en") -> str:
    """Say a text in another language, where it is a `Phrase`; text of people stays as it is.

    A thing that is `Named` is called by its name in `language`.

    A value that is a `Phrase` itself is told too. A translation whose fields do not fit falls back
    to English.
    """
    if isinstance(text, Named):
        return text.names.get(language) or str(text)
    if not isinstance(text, Phrase):
        return text
    template = translate(text.template)
    if not text.values:
        return template
    values = {
        name: told(value, translate, language) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return text.template.format(**values)
