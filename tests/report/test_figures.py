"""The figures: what is drawn, and that the same data are the same bytes."""

import re
from xml.etree import ElementTree

import pytest

from generators.report.figures import adapt_to_theme, draw_figures
from schemas.quality import Histogram, Plots, Poles

NAMES = ["length", "position", "polarity", "coverage", "similarity", "agreement"]


def count(*counts: int, start: float = 0, width: float = 1) -> Histogram:
    edges = tuple(start + place * width for place in range(len(counts) + 1))
    return Histogram(edges=edges, counts=counts)


@pytest.fixture(scope="module")
def plots() -> Plots:
    return Plots(
        length={
            "contrastive": {"full": count(0, 4, 3, 9, start=-2), "core": count(3, 3, start=-1)},
            "minimal_pairs": {"full": count(0, 0)},
        },
        position={"multiple_choice": {"10": (1,) * 10, "2": (9, 8)}},
        polarity={
            "deception": Poles(positive=3, negative=9, neither=1),
            "killing": Poles(positive=0, negative=0, neither=0),
        },
        coverage={"a <game> & $more$": 9, "b": 1},
        similarity={"contrastive": count(9, 3, 1, 0, width=0.25)},
        agreement={"deception": 0.85, "killing": 1.0},
    )


@pytest.fixture(scope="module")
def figures(plots: Plots) -> dict[str, str]:
    return draw_figures(plots)


def read_text(svg: str) -> list[str]:
    return [
        "".join(text.itertext())
        for text in ElementTree.fromstring(svg).iter()
        if text.tag[-4:] == "text"
    ]


def test_the_same_data_are_the_same_bytes(plots: Plots, figures: dict[str, str]) -> None:
    assert list(figures) == NAMES
    assert draw_figures(plots) == figures
    for svg in figures.values():
        assert not re.search(r"dc:date|\b20[2-9]\d-|Matplotlib v|DejaVu|data:image", svg)


def test_figures_without_data_are_left_out() -> None:
    assert draw_figures(Plots()) == {}
    empty = Plots(length={"contrastive": {}}, position={"multiple_choice": {}}, coverage={"a": 0})
    assert draw_figures(empty) == {}


def test_text_stays_text(figures: dict[str, str]) -> None:
    assert "Length: words of the positive minus words of the negative" in read_text(
        figures["length"]
    )
    assert {"full, 16 pairs", "core, 6 pairs"} <= set(read_text(figures["length"]))
    places = [text for text in read_text(figures["position"]) if "options," in text]
    assert places == [
        "multiple_choice, 2 options, 17 items",
        "multiple_choice, 10 options, 10 items",
    ]
    assert "a <game> & $more$" in read_text(figures["coverage"])
    assert {"85%", "100%"} <= set(read_text(figures["agreement"]))


def test_many_sources_are_drawn_without_names() -> None:
    svg = draw_figures(Plots(coverage={f"game-{i}": i for i in range(134)}))["coverage"]
    assert "8,911 rows, number of sources: 134; largest: game-133, 1.5%" in read_text(svg)
    assert "game-7" not in svg


def test_inlined_figures_take_the_colours_of_the_page(figures: dict[str, str]) -> None:
    inlined = {name: adapt_to_theme(svg) for name, svg in figures.items()}
    ids: list[str] = []
    for name, svg in inlined.items():
        assert "#ffffff" in figures[name]
        assert not re.search("#ffffff|#1f2328|<metadata|<!DOCTYPE|<[?]xml", svg)
        assert svg.startswith('<svg role="img" ')
        found = re.findall(r'\bid="([^"]+)"', svg)
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)) <= {
            pair for each in found for pair in ((each, ""), ("", each))
        }
        ElementTree.fromstring(svg)
        ids += found
    assert len(ids) == len(set(ids))


def test_names_with_any_characters_stay_text() -> None:
    drawn = draw_figures(Plots(coverage={"诚实": 3, "a\x07b": 2}))["coverage"]
    shown = [each.text for each in ElementTree.fromstring(drawn).iter() if each.text]
    assert {"诚实", r"a\u0007b"} <= {*shown}
