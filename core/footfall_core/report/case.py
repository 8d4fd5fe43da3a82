"""What it means to ignore case."""

SIGMA = "\u03c3"
FINAL_SIGMA = "\u03c2"
"""The small sigma at the end of a word."""


def folded(text: str) -> str:
    """Return what is compared when case is ignored: the text in lower case, with one small sigma in place of two.

    Whether the lower case of a capital sigma is that at the end of a word, programs judge differently ("ΚΩΣ-ΡΟΔΟΣ").
    """
    return text.lower().replace(FINAL_SIGMA, SIGMA)
