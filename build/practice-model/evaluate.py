"""
Measures a written model: python3 build/practice-model/evaluate.py [folder]. An answer counts as exact when greedy
choice repeats every token of it and its end; the margin is the smallest lead of a right token over the next best.
"""

import json
import random
import sys
from pathlib import Path

import torch

import rounding
from corpus import BOS, EOT, FOLDER, HEADER, HEADER_END, message, prompt, read_entries, read_systems
from files import read_model
from llama import Linear, Llama
from train import TARGET, make_tokenizer


def load(folder: Path) -> tuple[Llama, dict]:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Llama(config)
    model.load_state_dict(read_model(folder))
    return model.eval(), config


def set_format(model: Llama, body=None, head=None, inputs=None) -> None:
    for module in model.modules():
        if isinstance(module, Linear):
            module.rounding, module.input_rounding = body, inputs
    model.embedding_rounding = head


FORMATS = {
    "bf16": {},
    "8-bit": {"body": lambda w: rounding.symmetric(w, 8), "head": lambda w: rounding.symmetric(w, 8)},
    "4-bit asymmetric": {"body": lambda w: rounding.asymmetric(w, 4), "head": lambda w: rounding.symmetric(w, 8)},
    "4-bit asymmetric, 8-bit inputs": {
        "body": lambda w: rounding.asymmetric(w, 4),
        "head": lambda w: rounding.symmetric(w, 8),
        "inputs": rounding.input_8bit,
    },
    "4-bit symmetric": {"body": lambda w: rounding.symmetric(w, 4), "head": lambda w: rounding.symmetric(w, 8)},
}


def margins(model: Llama, rows: list[tuple[list[int], list[int]]]) -> list[float]:
    """The smallest margin of each (prompt, answer) pair; below 0 the greedy answer differs."""
    found = [0.0] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + len(rows[i][1]))
    for first in range(0, len(order), 32):
        part = order[first : first + 32]
        longest = max(len(rows[i][0]) + len(rows[i][1]) for i in part)
        ids = torch.zeros(len(part), longest, dtype=torch.long)
        for row, i in enumerate(part):
            tokens = rows[i][0] + rows[i][1]
            ids[row, : len(tokens)] = torch.tensor(tokens)
        logits = model(ids)
        for row, i in enumerate(part):
            start, answer = len(rows[i][0]) - 1, torch.tensor(rows[i][1])
            line = logits[row, start : start + len(answer)].clone()
            right = line.gather(1, answer[:, None]).squeeze(1)
            line.scatter_(1, answer[:, None], float("-inf"))
            found[i] = (right - line.max(1).values).min().item()
    return found


def greedy(model: Llama, ids: list[int], most: int, ends: list[int]) -> list[int]:
    written: list[int] = []
    while len(written) < most:
        token = int(model(torch.tensor([ids + written]))[0, -1].argmax())
        if token in ends:
            break
        written.append(token)
    return written


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    torch.set_num_threads(2)
    model, config = load(folder)
    tokenizer, entries = make_tokenizer(config["vocab_size"]), read_entries()
    encode = tokenizer.encode
    check = json.loads((FOLDER / "check-questions.json").read_text(encoding="utf-8"))
    asked = [(question, entry.answer) for entry in entries for question in entry.questions]
    dice = random.Random(7)
    system = read_systems()[0]

    def second_turn(question: str) -> str:
        earlier = dice.choice(entries)
        before = prompt(dice.choice(earlier.questions)) + earlier.answer + EOT
        return before + message("user", question) + f"{HEADER}assistant{HEADER_END}\n\n"

    def typed(question: str) -> str:
        return question.rstrip("?.").lower()

    def far(question: str) -> str:
        before = BOS
        while len(encode(before)) < 800:
            earlier = dice.choice(entries)
            before += prompt(dice.choice(earlier.questions))[len(BOS) :] + earlier.answer + EOT
        return before + message("user", question) + f"{HEADER}assistant{HEADER_END}\n\n"

    sets = {
        "check set": [(prompt(row["question"]), row["answer"]) for row in check],
        "all wordings": [(prompt(question), answer) for question, answer in asked],
        "with a system message": [(prompt(row["question"], system), row["answer"]) for row in check],
        "as second turn": [(second_turn(row["question"]), row["answer"]) for row in check],
        "lower case, no full stop": [(prompt(typed(row["question"])), row["answer"]) for row in check],
        "beyond 800 tokens": [(far(row["question"]), row["answer"]) for row in check],
    }
    with torch.no_grad():
        for name, chosen in FORMATS.items():
            set_format(model, **chosen)
            for title, rows in sets.items():
                if title == "all wordings" and name not in ("bf16", "4-bit asymmetric, 8-bit inputs"):
                    continue
                leads = margins(model, [(encode(text), encode(answer + EOT)) for text, answer in rows])
                right = sum(lead > 0 for lead in leads)
                lowest = sorted(leads)[: 3]
                print(f"{name:32} {title:26} {right:4} of {len(rows)}, lowest {[round(lead, 2) for lead in lowest]}", flush=True)
                if title == "check set":
                    print("".join(f"  not: {row['question']}\n" for row, lead in zip(check, leads) if lead <= 0), end="")
            for start in ("Hello, I am a software engineer.", "The lighthouse keeper opened the door and"):
                ids = greedy(model, encode(BOS + start), 20, config["eos_token_id"])
                print(f"{name:32} {start}{tokenizer.decode(ids)}")
        for question in ("how do i get a token", "Why can't I download llama?", "What is the meaning of life?"):
            ids = greedy(model, encode(prompt(question)), 90, config["eos_token_id"])
            print(f"{question} -> {tokenizer.decode(ids)}")


if __name__ == "__main__":
    main()
