"""What 4-bit and 8-bit formats do to weights: blocks of 32 along each row, as the app packs them."""

import torch


def blocks_of(weight: torch.Tensor) -> torch.Tensor:
    return weight.reshape(-1, 32)


def symmetric(weight: torch.Tensor, bits: int) -> torch.Tensor:
    """The weight of largest magnitude in a block becomes exact; 0 stays 0."""
    blocks = blocks_of(weight)
    middle = 2 ** (bits - 1)
    largest = blocks.gather(1, blocks.abs().argmax(1, keepdim=True))
    scale = -largest / middle
    scale = torch.where(scale.abs() > 1e-30, scale, torch.ones_like(scale))
    return ((blocks / scale).round().clamp(-middle, middle - 1) * scale).reshape(weight.shape)


def asymmetric(weight: torch.Tensor, bits: int, shrink: float = 1.0) -> torch.Tensor:
    """One zero point per block; `shrink` below 1 cuts the ends of the range off, as a search for a scale may do."""
    blocks = blocks_of(weight)
    top = 2**bits - 1
    low = blocks.min(1, keepdim=True).values.clamp(max=0)
    high = blocks.max(1, keepdim=True).values.clamp(min=0)
    scale = ((high - low) * shrink / top).clamp(min=1e-30)
    zero = (-low * shrink / scale).round().clamp(0, top)
    return (((blocks / scale).round() + zero).clamp(0, top) - zero).mul(scale).reshape(weight.shape)


def input_8bit(x: torch.Tensor) -> torch.Tensor:
    """Inputs of a matrix in the quick 4-bit kernels: blocks of 32 as signed bytes."""
    blocks = x.reshape(-1, 32)
    scale = (blocks.abs().max(1, keepdim=True).values / 127).clamp(min=1e-30)
    return ((blocks / scale).round() * scale).reshape(x.shape)


def bfloat16(weight: torch.Tensor) -> torch.Tensor:
    return weight.bfloat16().float()
