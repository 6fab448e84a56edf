"""How coins behave in the synthetic market: about what they cost, how often they trade, how much they move.

Levels and rhythms are ours, chosen to look like a quiet day; nothing here claims to be a real price.
"""

from dataclasses import dataclass

from trinity_beast.randomness import dice_from
from trinity_beast.words import Asset


@dataclass(frozen=True, slots=True)
class Coin:
    """`trades_per_second` counts takers' orders at one venue; `volatility_ppm` is the spread of its moves per quarter second."""

    asset: Asset
    name: str
    start_price: str
    trades_per_second: float
    volatility_ppm: int


_KNOWN = (
    ("BTC", "Bitcoin", "65000", 4.0, 25),
    ("ETH", "Ethereum", "1900", 3.0, 30),
    ("SOL", "Solana", "77", 2.0, 35),
    ("XRP", "XRP", "1.04", 1.5, 35),
    ("DOGE", "Dogecoin", "0.0704", 1.0, 60),
    ("LINK", "Chainlink", "8.3", 0.6, 40),
    ("DOT", "Polkadot", "0.81", 0.4, 50),
    ("LTC", "Litecoin", "46", 0.5, 45),
    ("AVAX", "Avalanche", "6.5", 0.5, 50),
    ("UNI", "Uniswap", "4.05", 0.4, 50),
    ("PEPE", "Pepe", "0.00000293", 0.5, 300),
    ("XLM", "Stellar Lumens", "0.1638", 0.6, 40),
    ("ETC", "Ethereum Classic", "6.5", 0.2, 150),
    ("ICP", "Internet Computer", "2.19", 0.3, 50),
    ("RENDER", "Render", "1.33", 0.3, 80),
    ("BONK", "Bonk", "0.00000251", 0.4, 350),
    ("BCH", "Bitcoin Cash", "215", 0.4, 40),
    ("JASMY", "Jasmy", "0.0041", 0.2, 250),
    ("AXS", "Axie Infinity", "0.904", 0.2, 120),
    ("CHZ", "Chiliz", "0.0133", 0.15, 700),
    ("STORJ", "Storj", "0.0449", 0.1, 400),
    ("ZEC", "Zcash", "516", 0.6, 60),
    ("DASH", "Dash", "31.4", 0.25, 70),
    ("CGLD", "Celo", "0.0639", 0.12, 300),
    ("NEAR", "NEAR Protocol", "1.63", 0.4, 60),
    ("ADA", "Cardano", "0.31", 0.5, 50),
    ("AAVE", "Aave", "93", 0.4, 60),
    ("SHIB", "Shiba Inu", "0.00000587", 0.4, 80),
    ("BNB", "BNB", "612", 1.0, 35),
    ("TRX", "TRON", "0.273", 0.5, 40),
    ("S", "Sonic", "0.0612", 0.2, 90),
    ("POL", "Polygon", "0.0921", 0.3, 80),
    ("USDT", "Tether", "0.9995", 0.3, 1),
)

SAME_COIN = {"RNDR": "RENDER", "CELO": "CGLD", "FTM": "S", "MATIC": "POL"}
"""Venues spell some coins by an old name or one of their own. Two names of one coin move as one."""

COINS = {row[0]: Coin(Asset(row[0]), *row[1:]) for row in _KNOWN}


def coin(asset: Asset) -> Coin:
    """Return how `asset` behaves. One we know nothing of gets a level and a rhythm that follow from its name."""
    known = COINS.get(SAME_COIN.get(asset, asset))
    if known is not None:
        return known
    dice = dice_from(f"coin {asset}")
    level = f"{dice.randrange(1, 10)}.{dice.randrange(100):02d}" if dice.random() < 0.5 else f"0.{dice.randrange(1000, 9999)}"
    return Coin(asset, asset.title(), level, dice.choice((0.15, 0.3, 0.5)), 60)
