"""Trains the Llama-style model of `tests/bench/run --only llama-train` with PyTorch's eager mode, for its time and memory.

    python3 eager.py BATCH LAYERS WIDTH HEADS INNER VOCABULARY THREADS

Prints its version, then takes a step for each length that it reads, and answers with the seconds and what the process has grown by at most
beyond parameters and optimizer state, as JSON.
"""
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

batch, layers, width, heads, inner, vocabulary, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(3)
head = width // heads


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


def turned(x):
    first, second = x.chunk(2, -1)
    return torch.cat((-second, first), -1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.after = Norm(), Norm()
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x, mask, cos, sin):
        def split(y):
            return y.view(y.shape[0], y.shape[1], heads, head).transpose(1, 2)

        h = self.before(x)
        q, k, v = split(self.q(h)), split(self.k(h)), split(self.v(h))
        q, k = q * cos + turned(q) * sin, k * cos + turned(k) * sin
        shares = F.softmax(q @ k.transpose(2, 3) / math.sqrt(head) + mask, dim=-1)
        x = x + self.o((shares @ v).transpose(1, 2).reshape(x.shape))
        h = self.after(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.norm = Norm()
        self.lm_head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids):
        length = ids.shape[1]
        mask = torch.full((length, length), torch.finfo(torch.float32).min).triu(1)
        angles = torch.outer(torch.arange(length).float(), 10000.0 ** (-torch.arange(head // 2) / (head // 2)))
        angles = torch.cat((angles, angles), -1)
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x, mask, angles.cos(), angles.sin())
        return self.lm_head(self.norm(x))


def resident(field):
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


model = Llama()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
for p in model.parameters():
    # As the first step would make it, so that it is counted as state.
    optimizer.state[p] = {"step": torch.tensor(0.0), "exp_avg": torch.zeros_like(p).add_(0.0), "exp_avg_sq": torch.zeros_like(p).add_(0.0)}
before = resident("VmRSS")
print(json.dumps({"version": torch.__version__}), flush=True)
for length in map(int, iter(sys.stdin.readline, "")):
    ids = torch.randint(vocabulary, (batch, length))
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(ids).flatten(0, 1), ids.roll(-1, 1).flatten())
    loss.backward()
    optimizer.step()
    loss.item()
    print(json.dumps({"seconds": time.perf_counter() - start, "grown": resident("VmHWM") - before}), flush=True)
