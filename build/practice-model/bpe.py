"""Byte-level BPE: learning merges from a text, encoding with them, and writing them as tokenizer.json."""

import json
import re
from collections import Counter

# Letters with one leading space, digits by at most three, runs of other signs, line ends, other white space. The same
# rule twice: as the tokenizer file states it, and as Python's re can read it.
SPLIT = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLIT_PYTHON = re.compile(
    r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_signs() -> list[str]:
    """One printable sign for each byte, in the order of the bytes: tokenizer.json spells bytes with these."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    signs, extra = [], 0
    for byte in range(256):
        if byte in plain:
            signs.append(chr(byte))
        else:
            signs.append(chr(256 + extra))
            extra += 1
    return signs


SIGNS = byte_signs()


def spell(piece: str) -> list[str]:
    return [SIGNS[byte] for byte in piece.encode("utf-8")]


def join(parts: list[str], pair: tuple[str, str]) -> list[str]:
    joined, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            joined.append(parts[i] + parts[i + 1])
            i += 2
        else:
            joined.append(parts[i])
            i += 1
    return joined


def learn_merges(text: str, count: int) -> list[tuple[str, str]]:
    """The `count` most useful merges; ties go to the pair that sorts first, so the result is always the same."""
    words = [[spell(piece), times] for piece, times in Counter(SPLIT_PYTHON.findall(text)).items()]
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        pairs: Counter[tuple[str, str]] = Counter()
        for parts, times in words:
            for pair in zip(parts, parts[1:]):
                pairs[pair] += times
        if not pairs:
            raise ValueError(f"the text yields only {len(merges)} merges")
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word in words:
            if len(word[0]) > 1:
                word[0] = join(word[0], best)
    return merges


class Tokenizer:
    """Encodes text with learnt merges. Ids: 256 bytes, the merges in order, then the special tokens."""

    def __init__(self, merges: list[tuple[str, str]], special: list[str]):
        self.merges = merges
        self.special = special
        self.vocabulary = {sign: i for i, sign in enumerate([*SIGNS, *(a + b for a, b in merges)])}
        if len(self.vocabulary) != 256 + len(merges):
            raise ValueError("two merges make the same token")
        self.ids = {**self.vocabulary, **{token: len(self.vocabulary) + i for i, token in enumerate(special)}}
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.marks = re.compile("(" + "|".join(re.escape(token) for token in special) + ")")
        self.known: dict[str, list[int]] = {}

    def encode_piece(self, piece: str) -> list[int]:
        found = self.known.get(piece)
        if found is None:
            parts = spell(piece)
            while len(parts) > 1:
                pair = min(zip(parts, parts[1:]), key=lambda p: self.rank.get(p, len(self.rank)))
                if pair not in self.rank:
                    break
                parts = join(parts, pair)
            found = self.known[piece] = [self.ids[part] for part in parts]
        return found

    def encode(self, text: str) -> list[int]:
        """Ids of a text; the names of special tokens in it become those tokens."""
        ids: list[int] = []
        for part in self.marks.split(text):
            if part in self.special:
                ids.append(self.ids[part])
            else:
                for piece in SPLIT_PYTHON.findall(part):
                    ids += self.encode_piece(piece)
        return ids

    def decode(self, ids: list[int]) -> str:
        names = {i: token for token, i in self.ids.items()}
        byte_of = {sign: byte for byte, sign in enumerate(SIGNS)}
        data = b"".join(
            names[i].encode() if names[i] in self.special else bytes(byte_of[sign] for sign in names[i]) for i in ids
        )
        return data.decode("utf-8", errors="replace")

    def to_json(self, bos: str) -> str:
        """The text of tokenizer.json; `bos` is put in front of every encoded text."""
        added = [
            {
                "id": self.ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in self.special
        ]
        start = {"SpecialToken": {"id": bos, "type_id": 0}}
        first, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        return json.dumps(
            {
                "version": "1.0",
                "truncation": None,
                "padding": None,
                "added_tokens": added,
                "normalizer": None,
                "pre_tokenizer": {
                    "type": "Sequence",
                    "pretokenizers": [
                        {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
                        byte_level,
                    ],
                },
                "post_processor": {
                    "type": "Sequence",
                    "processors": [
                        byte_level,
                        {
                            "type": "TemplateProcessing",
                            "single": [start, first],
                            "pair": [start, first, {"SpecialToken": {"id": bos, "type_id": 1}}, second],
                            "special_tokens": {bos: {"id": bos, "ids": [self.ids[bos]], "tokens": [bos]}},
                        },
                    ],
                },
                "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
                "model": {
                    "type": "BPE",
                    "dropout": None,
                    "unk_token": None,
                    "continuing_subword_prefix": None,
                    "end_of_word_suffix": None,
                    "fuse_unk": False,
                    "byte_fallback": False,
                    "ignore_merges": True,
                    "vocab": self.vocabulary,
                    "merges": [list(pair) for pair in self.merges],
                },
            },
            indent=1,
            ensure_ascii=False,
        )
