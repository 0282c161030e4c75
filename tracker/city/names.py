"""Names for an invented town: plain words that make believable streets and nobody's address."""

from __future__ import annotations

import random
from collections.abc import Iterator

CITY = "Wrenford"


def words(text: str) -> list[str]:
    """The words of a text, as a list."""
    return text.split()


_WORDS = words("""
Alder Almond Amber Anchor Apple Ash Aspen Autumn Barley Basin Beacon Beech Bell Birch Blossom Bluff
Bramble Brook Buckthorn Butler Canal Cannery Carver Cedar Chandler Chapel Cherry Chestnut Clay Clover
Colby Copper Coral Cotton Crane Creek Crescent Currant Cypress Dale Dawson Depot Dogwood Dove Elder Elm
Ember Fairview Falcon Fern Finch Flint Forge Foundry Foxglove Garnet Glen Granary Granite Grove Hawthorn
Hazel Heather Hemlock Heron Hickory Hollow Holly Ivy Jasper Juniper Kestrel Kiln Lantern Larch Lark
Laurel Lavender Lilac Linden Locust Lumber Magnolia Mallard Maple Market Marsh Meadow Mercer Mill Mint
Mulberry Myrtle Nettle Oak Oriole Osprey Otter Palmer Partridge Pear Pebble Pine Plover Plum Poplar
Prairie Quail Quarry Quince Raven Redwood Reed Robin Rowan Rye Sable Sage Sandpiper Saddler Sequoia
Sorrel Sparrow Spruce Starling Station Stone Sumac Swallow Sycamore Tanager Tanner Teal Thistle Thorn
Timber Vesper Violet Walnut Warbler Weaver Wheat Willow Winter Wren Yarrow Yew
""")
_LOCAL_SUFFIXES = ("Lane", "Road", "Court", "Drive", "Way", "Place", "Terrace", "Close")

DISTRICTS = (
    ("Millrace", "Weavers End", "Southgate", "Tannery Hill"),
    ("Orchard Flats", "Old Quays", "Foundry Row", "Eastmoor"),
    ("Westbank", "Market Quarter", "Lantern Hill", "Heronsgate"),
    ("Northfields", "Chapel Rise", "Quarry Park", "Larkfield"),
)  # from south to north, then from west to east


def through_roads(rng: random.Random) -> Iterator[str]:
    """Words for avenues and through streets, each once."""
    return iter(rng.sample(_WORDS, len(_WORDS)))


def local_streets(rng: random.Random) -> Iterator[str]:
    """Whole names for residential streets, each once ("Heron Lane")."""
    names = [f"{word} {suffix}" for word in _WORDS for suffix in _LOCAL_SUFFIXES]
    rng.shuffle(names)
    return iter(names)
