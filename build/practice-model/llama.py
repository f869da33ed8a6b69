"""The Llama architecture in plain PyTorch, with the names that the official files use."""

import math

import torch
from torch import nn
from torch.nn import functional as F

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 0,  # set from the tokenizer
    "eos_token_id": [],
    "head_dim": 32,
    "hidden_act": "silu",
    "hidden_size": 192,
    "initializer_range": 0.02,
    "intermediate_size": 768,
    "max_position_embeddings": 1024,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 6,
    "num_hidden_layers": 4,
    "num_key_value_heads": 2,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_scaling": {
        "factor": 4.0,
        "high_freq_factor": 4.0,
        "low_freq_factor": 1.0,
        "original_max_position_embeddings": 256,
        "rope_type": "llama3",
    },
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "use_cache": True,
    "vocab_size": 1536,
}


def inverse_frequencies(config: dict) -> list[float]:
    """Slow turns are slowed by `factor`, quick ones kept, those between blended (the llama3 kind of rope scaling)."""
    scaling, size = config["rope_scaling"], config["head_dim"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    frequencies = []
    for i in range(size // 2):
        plain = config["rope_theta"] ** (-2 * i / size)
        turns = scaling["original_max_position_embeddings"] * plain / (2 * math.pi)
        blend = min(1.0, max(0.0, (turns - low) / (high - low)))
        frequencies.append((1 - blend) * plain / scaling["factor"] + blend * plain)
    return frequencies


def rope_tables(config: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin, each [positions, head_dim], the half repeated for the rotate-half layout."""
    positions = torch.arange(config["max_position_embeddings"], dtype=torch.float32)
    angles = torch.outer(positions, torch.tensor(inverse_frequencies(config)))
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Linear(nn.Linear):
    """A matrix whose weight, and input, may be seen through rounding: `rounding` and `input_rounding` are set outside."""

    rounding = None
    input_rounding = None

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight if self.rounding is None else through(self.weight, self.rounding)
        return F.linear(x if self.input_rounding is None else self.input_rounding(x), weight)


def through(weight: torch.Tensor, rounding) -> torch.Tensor:
    """The rounded weight, with the gradient of the exact one."""
    return weight + (rounding(weight.detach()) - weight.detach())


class Attention(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.size, self.heads = config["head_dim"], config["num_attention_heads"]
        self.kv_heads = config["num_key_value_heads"]
        hidden = config["hidden_size"]
        self.q_proj = Linear(hidden, self.heads * self.size)
        self.k_proj = Linear(hidden, self.kv_heads * self.size)
        self.v_proj = Linear(hidden, self.kv_heads * self.size)
        self.o_proj = Linear(self.heads * self.size, hidden)

    def forward(self, x, cos, sin, mask):
        batch, length, _ = x.shape
        groups = self.heads // self.kv_heads

        def split(y, heads):
            return y.view(batch, length, heads, self.size).transpose(1, 2)

        # Query head h reads key head h // groups; the keys are shared by broadcasting, never copied.
        q = rotate(split(self.q_proj(x), self.heads), cos, sin)
        k = rotate(split(self.k_proj(x), self.kv_heads), cos, sin)
        v = split(self.v_proj(x), self.kv_heads)
        q = q.reshape(batch, self.kv_heads, groups * length, self.size) * self.size**-0.5
        scores = (q @ k.transpose(-1, -2)).view(batch, self.kv_heads, groups, length, length) + mask
        read = scores.softmax(-1).view(batch, self.kv_heads, groups * length, length) @ v
        read = read.view(batch, self.heads, length, self.size).transpose(1, 2)
        return self.o_proj(read.reshape(batch, length, self.heads * self.size))


class MLP(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = Linear(hidden, inner)
        self.up_proj = Linear(hidden, inner)
        self.down_proj = Linear(inner, hidden)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.input_layernorm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        self.mlp = MLP(config)

    def forward(self, x, cos, sin, mask):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.norm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])


class Llama(nn.Module):
    """Parameter names are those of the official files: model.layers.0.self_attn.q_proj.weight and so on."""

    def __init__(self, config: dict):
        super().__init__()
        self.model = Body(config)
        self.embedding_rounding = None
        cos, sin = rope_tables(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                inner = name.endswith(("o_proj.weight", "down_proj.weight"))
                spread = 0.04 / math.sqrt(2 * config["num_hidden_layers"]) if inner else 0.04
                nn.init.normal_(parameter, std=spread)

    def hidden(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """ids [batch, length] -> the last hidden states, and the matrix that turns them into logits."""
        length = ids.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        mask = torch.full((length, length), float("-inf"), device=ids.device).triu(1)
        embedding = self.model.embed_tokens.weight
        if self.embedding_rounding is not None:
            embedding = through(embedding, self.embedding_rounding)
        x = F.embedding(ids, embedding)
        for layer in self.model.layers:
            x = layer(x, cos, sin, mask)
        return self.model.norm(x), embedding

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x, embedding = self.hidden(ids)
        return x @ embedding.T
