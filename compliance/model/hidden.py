"""Characters that move, hide or split text on a screen, as the inside of a regular expression's brackets."""

#: Controls, lone surrogates, all of Unicode's category Cf (format; tags and soft hyphens among them), the separators
#: of lines, and the fillers that are letters and show nothing.
HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
    r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
    r"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)
