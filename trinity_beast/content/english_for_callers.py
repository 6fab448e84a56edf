"""English: what whoever asks for prices is told."""

from collections.abc import Mapping

from trinity_beast.content.model import Text

FOR_CALLERS: Mapping[str, Text] = {
    "KEY_MISSING": Text(
        "No key was given",
        "This request carries no API key.",
        "Send your key as `Authorization: Bearer YOUR_KEY` or `X-API-Key: YOUR_KEY`.",
    ),
    "KEY_INVALID": Text(
        "The key is not valid",
        "The API key is unknown, or was not typed in full.",
        "Copy the key again, whole. A lost key cannot be shown again: issue a new one.",
    ),
    "KEY_REVOKED": Text(
        "The key was revoked",
        "This API key was revoked and answers no more.",
        "Use another of your keys, or issue a new one.",
    ),
    "KEY_EXPIRED": Text(
        "The key has expired",
        "This API key has passed its expiry.",
        "Use another of your keys, or issue a new one.",
    ),
    "TIER_FORBIDS": Text(
        "This key may not be used so",
        "The {tier} tier does not include {feature}.",
        "Send the key in a header, over HTTP; or move to a tier that includes what you asked for.",
        plain_message="This key may not be used in this way: its tier or its kind does not include it.",
    ),
    "KEY_FORBIDS": Text(
        "This key may not be used here",
        "This key is kept from this by its own restrictions: what it is for, or the addresses or pages it is kept to.",
        "Use the key where it was made for, or another of your keys; whoever manages it can change what it is kept to.",
    ),
    "ASSET_UNKNOWN": Text(
        "No such asset",
        "There is no asset called {asset}.",
        "Did you mean {suggestions}?",
        plain_message="There is no asset of that name.",
        plain_fix="Ask `GET /prices` for every asset there is. An asset is a code such as BTC, never a pair.",
    ),
    "PRICE_STALE": Text(
        "The newest price is too old",
        "The newest price of {asset} is {age_seconds} s old, and an old price is not served as a fresh one.",
        "Try again in a moment, or allow an older price with `max_age_ms` if you sent that bound yourself.",
        plain_message="The newest price of this asset is too old to be served as a fresh one.",
    ),
    "PRICE_UNAVAILABLE": Text(
        "There is no price yet",
        "No venue has printed a price of {asset} since this node started.",
        "Try again in a moment.",
        plain_message="No venue has printed a price of this asset since this node started.",
    ),
    "RATE_LIMITED": Text(
        "Too many requests at once",
        "This key asks faster than its limit allows; a request is free again in {retry_after_seconds} s.",
        "Wait as long as `Retry-After` says. One request may ask for several assets; `GET /key` says for how many.",
        plain_message="This key asks faster than its limit allows.",
    ),
    "QUOTA_SPENT": Text(
        "The month's requests are used up",
        "This key has used its requests of the month; they begin anew at {resets_at}.",
        "Do not retry before then. `GET /key` shows limits and use, free of charge.",
        plain_message="This key has used all its requests of the month.",
    ),
    "REQUEST_INVALID": Text(
        "The request cannot be understood",
        "The request cannot be understood: {reason}.",
        "Correct what `errors` names. `/openapi.json` describes every request there is.",
        plain_message="The request cannot be understood.",
    ),
    "REQUEST_TOO_LARGE": Text(
        "The request is too large",
        "The request is larger than the {bytes_max} bytes that are read.",
        "Send less at once.",
        plain_message="The request is larger than what is read.",
    ),
    "METHOD_NOT_ALLOWED": Text(
        "Not this method",
        "{method} is not answered here; {allowed} is.",
        "Use one of the methods in the `Allow` header.",
        plain_message="This address does not answer that method.",
    ),
    "NOT_FOUND": Text(
        "Nothing is here",
        "There is nothing at {path}.",
        "`/openapi.json` lists every address there is.",
        plain_message="There is nothing at this address.",
    ),
    "OVERLOADED": Text(
        "Too busy just now",
        "This node has as much to do as it can finish.",
        "Try again after the time in `Retry-After`.",
    ),
    "DEPENDENCY_AWAY": Text(
        "Something we need is away",
        "This cannot be answered while the {part} is away.",
        "Try again after the time in `Retry-After`. Prices for keys already in use go on.",
        plain_message="This cannot be answered while something it needs is away.",
    ),
    "KEY_TRIES_SPENT": Text(
        "Too many wrong keys",
        "Too many keys that are not valid came from your address; unknown keys are looked up again in {retry_after_seconds} s.",
        "Wait as long as `Retry-After` says, then send the right key. Keys already in use here answer all the while.",
        plain_message="Too many keys that are not valid came from your address.",
    ),
    "REPORT_INVALID": Text(
        "The report cannot be understood",
        "Something this report is asked for with makes no sense: {first}.",
        "Correct each part named in `errors` and ask again.",
        plain_message="Something this report is asked for with makes no sense.",
    ),
    "CURSOR_INVALID": Text(
        "The cursor belongs to something else",
        "This cursor is none of ours, or goes on with a report of other filters or another key.",
        "Follow `Link` or send `next_cursor` as it is, with the same filters and key as before; or begin the report anew without a cursor.",
    ),
    "CURSOR_EXPIRED": Text(
        "The report can no longer be gone on with",
        "It can no longer be told what was stored when this report began.",
        "Begin it anew without a cursor, or ask for the whole in one stream with `page_size=all`.",
    ),
    "REPORT_QUOTA_SPENT": Text(
        "The month's reports are used up",
        "This key's {reports} reports of this month are used up.",
        "Wait for the next month, or move to a tier with more. Further pages of a report that was begun are still told.",
        plain_message="This key's reports of this month are used up.",
    ),
    "REQUEST_TIMEOUT": Text(
        "The request took too long to arrive",
        "The request did not arrive whole within {seconds} s.",
        "Send it again, in one go.",
        plain_message="The request did not arrive whole in time.",
    ),
    "INTERNAL": Text(
        "Something went wrong on our side",
        "This could not be answered because of a mistake of ours.",
        "Try again; if it stays, tell us the `request_id`.",
    ),
}
