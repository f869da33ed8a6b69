"""Turns the corpus into batches: single questions, short and long conversations, plain texts."""

import random

import torch

from bpe import Tokenizer
from corpus import BOS, EOS, EOT, HEADER, HEADER_END, Entry, message

TOKENS = 3072  # of one batch, padding included
LONGEST = 1000  # of one conversation, inside the 1024 positions of the model


class Batches:
    def __init__(self, tokenizer: Tokenizer, entries: list[Entry], texts: list[str], systems: list[str], seed: int):
        self.tokenizer = tokenizer
        self.entries, self.texts, self.systems = entries, texts, systems
        self.random = random.Random(seed)
        self.waiting: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.deck: list[Entry] = []

    def next_entry(self) -> Entry:
        """Entries in shuffled rounds, so that each comes equally often."""
        if not self.deck:
            self.deck = self.random.sample(self.entries, len(self.entries))
        return self.deck.pop()

    def wording(self, entry: Entry) -> str:
        """One wording of the question, now and then as people type it."""
        r, text = self.random, self.random.choice(entry.questions)
        if r.random() < 0.6:
            return text
        if r.random() < 0.5:
            text = text.rstrip("?.")
        if r.random() < 0.5:
            text = text[:1].lower() + text[1:]
        if r.random() < 0.15:
            text = text.lower()
        if r.random() < 0.15 and len(text) > 12:
            at = r.randrange(3, len(text) - 2)
            text = text[:at] + text[at + 1 :] if r.random() < 0.5 else text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if r.random() < 0.15:
            text = r.choice(("Hi, ", "Hello, ", "So, ", "Tell me: ", "Please tell me: ", "And ")) + text
        return text

    def start(self) -> tuple[list[int], list[bool]]:
        text = BOS + (message("system", self.random.choice(self.systems)) if self.random.random() < 0.25 else "")
        ids = self.tokenizer.encode(text)
        return ids, [False] * len(ids)

    def turn(self) -> tuple[list[int], list[bool]]:
        """One question and its answer; only the answer and its end are learnt."""
        entry = self.next_entry()
        asked = self.tokenizer.encode(message("user", self.wording(entry)) + f"{HEADER}assistant{HEADER_END}\n\n")
        answer = self.tokenizer.encode(entry.answer + EOT)
        return asked + answer, [False] * len(asked) + [True] * len(answer)

    def conversation(self, turns: int) -> tuple[list[int], list[bool]]:
        ids, learnt = self.start()
        for number in range(turns):
            more, flags = self.turn()
            if number and len(ids) + len(more) > LONGEST:
                break
            ids, learnt = ids + more, learnt + flags
        return ids, learnt

    def document(self) -> tuple[list[int], list[bool]]:
        """A plain text, or two of them, each with its own beginning."""
        ids = self.tokenizer.encode(BOS + self.random.choice(self.texts) + EOS)
        return ids, [False] + [True] * (len(ids) - 1)

    def refill(self) -> None:
        """About ten batches' worth of samples, cut into batches of similar length."""
        r = self.random
        samples = [self.conversation(1) for _ in range(220)] + [self.conversation(2) for _ in range(40)]
        samples += [self.conversation(r.randint(3, 16)) for _ in range(8)]
        samples += [self.document() for _ in range(24)]
        samples.sort(key=lambda sample: (len(sample[0]), r.random()))
        group: list[tuple[list[int], list[bool]]] = []
        for sample in samples:
            if group and len(sample[0]) * (len(group) + 1) > TOKENS:
                self.waiting.append(self.pad(group))
                group = []
            group.append(sample)
        self.waiting.append(self.pad(group))
        r.shuffle(self.waiting)

    def pad(self, group: list[tuple[list[int], list[bool]]]) -> tuple[torch.Tensor, torch.Tensor]:
        """ids [batch, length] and targets [batch, length]; -100 where nothing is learnt."""
        length = max(len(ids) for ids, _ in group)
        ids = torch.zeros(len(group), length, dtype=torch.long)
        targets = torch.full((len(group), length), -100, dtype=torch.long)
        for row, (tokens, learnt) in enumerate(group):
            sample = torch.tensor(tokens)
            ids[row, : len(tokens)] = sample
            targets[row, : len(tokens) - 1] = torch.where(torch.tensor(learnt[1:]), sample[1:], -100)
        return ids, targets

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.waiting:
            self.refill()
        return self.waiting.pop()
