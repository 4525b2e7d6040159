"""Write the words of dates in many languages, from the Unicode CLDR as packaged by Babel.

pip install babel                  # any environment; unrolled itself does not need it
python tools/date_words.py         # writes src/unrolled/series/date_words.json
"""

import json
import re
import unicodedata
from pathlib import Path

from babel import Locale, __version__

FILE = Path(__file__).parent.parent / "src" / "unrolled" / "series" / "date_words.json"
LANGUAGES = re.findall(r"\w+", "en de fr es it pt nl sv da nb fi pl cs sk hu ro hr sl ca tr ru uk el id vi ja zh ko")
VARIANTS = {"de": ["de_AT"], "en": ["en_GB"], "es": ["es_MX"], "pt": ["pt_PT"]}
PARTS = ("year", "quarter", "month", "week", "day", "hour", "minute")
MORE_MONTHS = {  # usual abbreviations and spellings that the CLDR lacks, by language and month
    "en": {9: "sept"}, "de": {1: "jaen jaenner", 2: "feber", 3: "mrz maerz mär"}, "es": {9: "sep set setiembre"},
    "fr": {2: "fév", 7: "juill", 8: "aou"}, "nl": {2: "febr"}, "it": {9: "sett"}, "da": {9: "sept"},
    "ru": {2: "фев", 9: "сен", 11: "ноя"},
}  # fmt: skip
MORE_PARTS = {
    "fr": {"year": "année"}, "de": {"week": "kalenderwoche"}, "sv": {"day": "dag"}, "da": {"year": "aar"},
    "nb": {"day": "dag", "year": "aar"},
    "el": {"quarter": "τρίμηνο"}, "hr": {"quarter": "kvartal tromjesečje"}, "ro": {"quarter": "trimestrul"},
    "ja": {"month": "月", "week": "週", "hour": "時"}, "ko": {"year": "연도", "month": "월", "hour": "시"},
    "zh": {"month": "月 月份", "day": "日", "hour": "时", "quarter": "季度", "year": "年份", "week": "週"},
}  # fmt: skip
NO_PARTS = {"time"}  # hours in Danish and Norwegian, but any time in English


def words(texts: list[str]) -> str:
    """Distinct names in lower case, without points and articles; those with digits are read by their numbers."""
    names = [
        re.sub(r"^(de |d['’])", "", unicodedata.normalize("NFKC", text).strip().strip(".").lower()) for text in texts
    ]
    return " ".join(dict.fromkeys(n for n in names if n and " " not in n and not re.search(r"\d", n)))


def months(language: str) -> list[str]:
    found: list[list[str]] = [[] for _ in range(12)]
    for name in (language, *VARIANTS.get(language, ())):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for k, text in Locale.parse(name).months[context][width].items():
                    found[k - 1].append(text)
    more = MORE_MONTHS.get(language, {})
    return [words([*texts, *more.get(k + 1, "").split()]) for k, texts in enumerate(found)]


def parts(language: str) -> dict[str, str]:
    """The names of units of time, in the singular."""
    units = Locale.parse(language)._data["unit_patterns"]
    more = MORE_PARTS.get(language, {})
    named = {}
    for part in PARTS:
        forms = units[f"duration-{part}"]["long"]
        name = (forms.get("one") or forms["other"]).replace("{0}", "").strip()
        named[part] = words([name, *more.get(part, "").split()])
    return {part: text for part, text in named.items() if text and text not in NO_PARTS}


def weekdays() -> str:
    found = []
    for language in (language for language in LANGUAGES if language != "vi"):  # its weekdays are numbers
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated", "short"):
                names = Locale.parse(language).days[context].get(width, {}).values()
                found += [word for name in names for word in re.split(r"[-\s]", name) if len(word.strip(".")) > 1]
    return words([*found, "tues", "wednes", "thur", "thurs"])


def halves_of_day(half: str) -> str:
    """Abbreviations that are not plain Latin letters, which would be mistaken for other words."""
    found = [Locale.parse(language).day_periods["format"]["abbreviated"].get(half, "") for language in LANGUAGES]
    plain = [unicodedata.normalize("NFKC", text).replace(".", "") for text in found]
    return words([text for text in plain if not text.isascii()])


def main() -> None:
    whole = {
        "source": f"Unicode CLDR, from Babel {__version__} by tools/date_words.py",
        "license": "© Unicode, Inc., Unicode License v3, https://www.unicode.org/license.txt",
        "weekdays": weekdays(),
        "am": halves_of_day("am"),
        "pm": halves_of_day("pm"),
    }
    by_language = {
        "parts": {language: parts(language) for language in LANGUAGES},
        "months": {language: months(language) for language in LANGUAGES if all(months(language))},
    }
    lines = [f"{_text(name)}: {_text(value)}" for name, value in whole.items()]
    for name, table in by_language.items():
        rows = ",\n".join(f"  {_text(language)}: {_text(row)}" for language, row in table.items())
        lines.append(f"{_text(name)}: {{\n{rows}\n }}")
    FILE.write_text("{\n " + ",\n ".join(lines) + "\n}\n", encoding="utf-8")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
