"""Which coins each stand-in lists: what the product keeps warm there, the great ones, and some that nobody has mapped."""

from collections.abc import Mapping

from trinity_beast.words import Asset, Venue

_WARM = {
    "coinbase": "BTC ETH SOL DOGE XRP LINK DOT LTC AVAX UNI PEPE XLM ETC ICP RENDER BONK BCH JASMY AXS CHZ STORJ ZEC DASH CGLD NEAR",
    "gemini": "AAVE AMP ARB ATOM BAT CHILLGUY CRV CTX CUBE DRIFT FIL GRT HNT HYPE JTO MON POPCAT PUMP QNT RNDR SHIB SKL SKY UMA WLFI",
    "kraken": "NANO SC LSK KAVA BICO RARI OCEAN CFG CQT ALGO FET FLOW XTZ QTUM ICX ASTR ENJ EGLD COTI MINA GLMR MOVR KSM TEER CRO",
    "gateio": "BNB TRX APT SEI INJ OP SUI VET HBAR SAND MANA S CHR FLR THETA CELR REEF DENT HOT POND IOTX ALICE SUPER FLUX ONE",
    "cryptocom": "TON WLD APE BLUR IMX ENS LDO SNX COMP 1INCH SUSHI GALA MAGIC ORDI PIXEL RUNE ARKM DYM GMX CRO TAO AGLD AR AUDIO POL",
    "okx": "TIA JUP STRK PYTH W ZRO PENDLE ONDO WIF FLOKI NOT AEVO ENA ETHFI TURBO NEIRO DOGS HMSTR EIGEN BOME KAITO GRASS BANANA ACE TNSR",
}
_FURTHER = "BTC ETH SOL DOGE XRP LINK DOT LTC AVAX UNI PEPE XLM ETC ICP RENDER BONK BCH AXS CHZ ZEC DASH NEAR AAVE ATOM SHIB"

_OFF = ("bitstamp", "bybit", "binance", "htx", "coinbaseexchange")

WARM: Mapping[Venue, tuple[Asset, ...]] = {Venue(venue): tuple(map(Asset, _WARM.get(venue, _FURTHER).split())) for venue in (*_WARM, *_OFF)}
"""The 25 assets of each venue: those the product keeps warm on the six, and as many on the five that are off."""

GREAT = tuple(map(Asset, ("BTC", "ETH", "SOL", "XRP", "DOGE", "LINK", "LTC", "AVAX", "DOT", "UNI")))
"""On every venue, so that the same coin can be compared."""

UNMAPPED = tuple(map(Asset, ("ADA", "AAVE", "BNB", "SHIB", "USDT")))
"""On every venue too; for discovery to find where the product has no use for them yet."""

LISTED: Mapping[Venue, tuple[Asset, ...]] = {venue: tuple(dict.fromkeys((*warm, *GREAT, *UNMAPPED))) for venue, warm in WARM.items()}
"""All of them, by venue."""
