"""Writes the model in the layout of official repositories."""

import json
import struct
from pathlib import Path

import torch

from bpe import Tokenizer
from corpus import BOS, EOS, EOT

# Our own template in the manner of Llama 3: each message as header, two line ends, trimmed text, end of turn.
CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{{- message['content'] | trim }}"
    "{{- '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}"
    "{%- endif %}"
)


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_shard(path: Path, tensors: dict[str, torch.Tensor]) -> int:
    """A safetensors file of bfloat16 tensors: 8 bytes of header length, JSON header padded to 8, data. Returns data bytes."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = bytearray()
    for name, tensor in tensors.items():
        raw = tensor.detach().bfloat16().contiguous().view(torch.int16).numpy().astype("<i2").tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return len(data)


def write_model(folder: Path, state: dict[str, torch.Tensor], config: dict) -> None:
    """Two shards, split after half of the layers, with their index and the configuration."""
    half = config["num_hidden_layers"] // 2
    in_first = [name for name in state if "embed" in name or ".layers." in name and int(name.split(".")[2]) < half]
    in_second = [name for name in state if name not in in_first]
    total, weight_map = 0, {}
    for number, names in enumerate((in_first, in_second), start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        total += write_shard(folder / file, {name: state[name] for name in names})
        weight_map.update({name: file for name in names})
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    write_json(folder / "model.safetensors.index.json", index)
    write_json(folder / "config.json", config)
    ends = config["eos_token_id"]
    generation = {"bos_token_id": config["bos_token_id"], "do_sample": False, "eos_token_id": ends}
    write_json(folder / "generation_config.json", generation)


def write_tokenizer(folder: Path, tokenizer: Tokenizer, config: dict) -> None:
    (folder / "tokenizer.json").write_text(tokenizer.to_json(BOS) + "\n", encoding="utf-8")
    marks = {"bos_token": BOS, "eos_token": EOT}
    write_json(folder / "special_tokens_map.json", marks)
    decoder = {
        str(tokenizer.ids[token]): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for token in tokenizer.special
    }
    write_json(
        folder / "tokenizer_config.json",
        {
            "added_tokens_decoder": decoder,
            "bos_token": BOS,
            "chat_template": CHAT_TEMPLATE,
            "clean_up_tokenization_spaces": False,
            "eos_token": EOT,
            "model_input_names": ["input_ids", "attention_mask"],
            "model_max_length": config["max_position_embeddings"],
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )


def end_tokens(tokenizer: Tokenizer) -> list[int]:
    return [tokenizer.ids[EOS], tokenizer.ids[EOT]]


def read_model(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of the written shards, as float32."""
    state = {}
    for path in sorted(folder.glob("model-*.safetensors")):
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        for name, entry in json.loads(data[8 : 8 + length]).items():
            if name != "__metadata__":
                first, last = (8 + length + offset for offset in entry["data_offsets"])
                raw = torch.frombuffer(bytearray(data[first:last]), dtype=torch.bfloat16)
                state[name] = raw.float().view(entry["shape"])
    return state
