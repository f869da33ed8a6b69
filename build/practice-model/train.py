"""
Trains the practice model and writes it to electron/practice/model. Run by hand only: python3 build/practice-model/train.py
"""

import argparse
import copy
import math
import random
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import rounding
from batches import Batches
from bpe import Tokenizer, learn_merges
from corpus import BOS, EOS, EOT, HEADER, HEADER_END, read_entries, read_systems, read_texts, write_check_questions
from files import end_tokens, write_model, write_tokenizer
from llama import CONFIG, Linear, Llama
from muon import Muon

SEED = 20261121
SPECIAL = [BOS, EOS, HEADER, HEADER_END, EOT, *(f"<|reserved_special_token_{i}|>" for i in range(11))]
TARGET = Path(__file__).parents[2] / "electron" / "practice" / "model"


def make_tokenizer(vocabulary: int) -> Tokenizer:
    entries = read_entries()
    spoken = [text for entry in entries for text in (*entry.questions, entry.answer, entry.answer)]
    text = "\n".join([*spoken, *read_texts(), *read_systems(), "system", "user", "assistant"])
    return Tokenizer(learn_merges(text, vocabulary - 256 - len(SPECIAL)), SPECIAL)


def set_rounding(model: Llama, dice: random.Random, share: float) -> None:
    """For one step: each matrix is seen through some 4-bit rounding with probability `share`, else as it is."""

    def pick():
        if dice.random() >= share:
            return None
        if dice.random() < 0.35:
            return lambda weight: rounding.symmetric(weight, 4)
        shrink = dice.uniform(0.88, 1.0)
        return lambda weight: rounding.asymmetric(weight, 4, shrink)

    for module in model.modules():
        if isinstance(module, Linear):
            module.rounding = pick()
            module.input_rounding = None
    model.embedding_rounding = (lambda weight: rounding.symmetric(weight, 8)) if dice.random() < share else None


def rate(step: int, steps: int, highest: float) -> float:
    """Warm-up over 40 steps, then half a cosine down to 1 %."""
    if step < 40:
        return highest * (step + 1) / 40
    return highest * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - 40) / (steps - 40))))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=600)
    options.add_argument("--rate", type=float, default=0.02)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--out", type=Path, default=TARGET)
    options.add_argument("--tokenizer-only", action="store_true")
    given = options.parse_args()

    torch.manual_seed(SEED)
    torch.set_num_threads(given.threads)
    entries, texts, systems = read_entries(), read_texts(), read_systems()
    config = copy.deepcopy(CONFIG)
    tokenizer = make_tokenizer(config["vocab_size"])
    config["bos_token_id"], config["eos_token_id"] = tokenizer.ids[BOS], end_tokens(tokenizer)
    given.out.mkdir(parents=True, exist_ok=True)
    write_tokenizer(given.out, tokenizer, config)
    print(f"{len(entries)} entries, {write_check_questions(entries)} checked, {len(tokenizer.ids)} tokens", flush=True)
    if given.tokenizer_only:
        return

    model = Llama(config)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    matrices = [module.weight for module in model.modules() if isinstance(module, Linear)]
    others = [p for p in model.parameters() if all(p is not matrix for matrix in matrices)]
    optimizers = [
        (Muon(matrices, lr=given.rate, weight_decay=0.05), given.rate),
        (torch.optim.AdamW(others, lr=given.rate / 5, betas=(0.9, 0.95), weight_decay=0.0), given.rate / 5),
    ]
    batches, dice = Batches(tokenizer, entries, texts, systems, SEED), random.Random(SEED)
    began, losses, seen = time.time(), [], 0
    for step in range(given.steps):
        # Exact weights for the first 45 %, then ever more rounding, up to nine matrices in ten.
        share = min(0.9, max(0.0, (step / given.steps - 0.45) * 4))
        set_rounding(model, dice, share)
        for optimizer, highest in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate(step, given.steps, highest)
        ids, targets = batches.next()
        hidden, embedding = model.hidden(ids)
        learnt = targets != -100
        loss = F.cross_entropy(hidden[learnt] @ embedding.T, targets[learnt])
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, _ in optimizers:
            optimizer.step()
        seen += ids.numel()
        losses = [*losses[-24:], loss.item()]
        if step % 25 == 24 or step == given.steps - 1:
            speed = seen / (time.time() - began)
            print(f"step {step + 1:5} loss {sum(losses) / len(losses):.4f} rounding {share:.2f} {speed:.0f} tokens/s", flush=True)
        if step % 100 == 99 or step == given.steps - 1:
            write_model(given.out, model.state_dict(), config)
    print(f"{seen} tokens in {time.time() - began:.0f} s, final loss {sum(losses) / len(losses):.4f}", flush=True)


if __name__ == "__main__":
    main()
