"""Times PyTorch for tests/gpu/run; needs torch alone. Weights and inputs are random.

    python3 peers.py REQUEST

REQUEST and the answer, the last line printed, are objects of JSON. Requests:
    {"what": "libraries"}: folders that may hold libcublas.
    {"what": "matmul", "type": "F32", "n": 4096, "warmups": 3, "runs": 15}: seconds of torch.matmul of square matrices, the median.
    {"what": "attention", "warmups": 3, "runs": 15, "shapes": [[batch, queries, keys], ...], "config": {"type": "F16", "heads": 16, "depth": 128, "causal": false}}: seconds
    of scaled_dot_product_attention, a median a shape.
    {"what": "model", "mode": "eager" or "compile", "rounds": 6, "shapes": [[batch, sequence], ...], "config": {...}}: seconds of every run by round and shape, and how often
    torch.compile(dynamic=True) compiled something. "device" is cuda unless it is given.
An answer with "missing" says why there is nothing to tell.
"""
import glob
import json
import math
import os
import sys
import time


def answer(**fields):
    print(json.dumps(fields), flush=True)
    sys.exit(0)


request = json.loads(sys.argv[1])
if request["what"] == "libraries":
    folders = [f for p in sys.path for f in glob.glob(os.path.join(p or ".", "nvidia", "c*", "lib")) + glob.glob(os.path.join(p or ".", "torch", "lib"))]
    answer(folders=sorted(set(f for f in folders if glob.glob(os.path.join(f, "libcublas.so*")))))

try:
    import torch
except Exception as e:  # A broken installation raises whatever it likes.
    answer(missing=f"{sys.executable} has no PyTorch ({e})")

from torch import nn
from torch.nn import functional as F

device = request.get("device", "cuda")
if device == "cuda" and not torch.cuda.is_available():
    answer(missing=f"PyTorch {torch.__version__} sees no GPU")

torch.manual_seed(3)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def finish():
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(work):
    finish()
    start = time.perf_counter()
    work()
    finish()
    return time.perf_counter() - start


def attention(q, k, v, mask):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return F.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + mask, dim=-1) @ v


class BertLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c["heads"]
        self.q, self.k, self.v, self.o = (nn.Linear(c["width"], c["width"]) for _ in range(4))
        self.inner, self.outer = nn.Linear(c["width"], c["inner"]), nn.Linear(c["inner"], c["width"])
        self.first, self.second = (nn.LayerNorm(c["width"], eps=1e-12) for _ in range(2))

    def forward(self, x, mask):
        def split(y):
            return y.view(y.shape[0], y.shape[1], self.heads, -1).transpose(1, 2)

        h = attention(split(self.q(x)), split(self.k(x)), split(self.v(x)), mask)
        x = self.first(x + self.o(h.transpose(1, 2).reshape(x.shape)))
        return self.second(x + self.outer(F.gelu(self.inner(x))))


class Bert(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.words, self.kinds, self.places = (nn.Embedding(n, c["width"]) for n in (c["vocabulary"], 2, c["positions"]))
        self.norm = nn.LayerNorm(c["width"], eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(c) for _ in range(c["layers"]))
        self.pooler = nn.Linear(c["width"], c["width"])

    def forward(self, ids, given):
        bias = (1 - given[:, None, None, :].to(torch.float32)) * -10000
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.norm(self.words(ids) + self.kinds(torch.zeros_like(ids)) + self.places(places))
        for layer in self.layers:
            x = layer(x, bias)
        return x, torch.tanh(self.pooler(x[:, 0]))


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


def turned(x):
    first, second = x.chunk(2, -1)
    return torch.cat((-second, first), -1)


class LlamaLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.key_heads, self.head = c["heads"], c["key_heads"], c["width"] // c["heads"]
        self.before, self.after = RmsNorm(c["width"]), RmsNorm(c["width"])
        self.q, self.o = (nn.Linear(c["width"], c["width"], bias=False) for _ in range(2))
        self.k, self.v = (nn.Linear(c["width"], self.key_heads * self.head, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(c["width"], c["inner"], bias=False) for _ in range(2))
        self.down = nn.Linear(c["inner"], c["width"], bias=False)

    def forward(self, x, mask, cos, sin):
        def split(y, heads):
            return y.view(y.shape[0], y.shape[1], heads, self.head).transpose(1, 2)

        h = self.before(x)
        q, k, v = split(self.q(h), self.heads), split(self.k(h), self.key_heads), split(self.v(h), self.key_heads)
        q, k = q * cos + turned(q) * sin, k * cos + turned(k) * sin
        group = self.heads // self.key_heads
        h = attention(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), mask)
        x = x + self.o(h.transpose(1, 2).reshape(x.shape))
        h = self.after(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h)), k, v


class Llama(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.head = c["width"] // c["heads"]
        self.embed = nn.Embedding(c["vocabulary"], c["width"])
        self.layers = nn.ModuleList(LlamaLayer(c) for _ in range(c["layers"]))
        self.norm = RmsNorm(c["width"])
        self.lm_head = nn.Linear(c["width"], c["vocabulary"], bias=False)

    def forward(self, ids, given):
        length, lowest = ids.shape[1], torch.finfo(torch.float32).min
        rows = torch.arange(length, device=ids.device)
        hidden = (rows[None, :] > rows[:, None])[None, None] | (given == 0)[:, None, None, :]
        mask = torch.zeros(hidden.shape, device=ids.device).masked_fill(hidden, lowest)
        frequencies = 10000.0 ** (-torch.arange(self.head // 2, device=ids.device) / (self.head // 2))
        angles = rows[:, None].float() * frequencies[None, :]
        angles = torch.cat((angles, angles), -1)
        x, present = self.embed(ids), []
        for layer in self.layers:
            x, k, v = layer(x, mask, angles.cos(), angles.sin())
            present += [k, v]
        return self.lm_head(self.norm(x)), present


KINDS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def median(work):
    times = [seconds(work) for _ in range(request["warmups"] + request["runs"])]
    return sorted(times[request["warmups"]:])[request["runs"] // 2]


def matmul():
    a, b = (torch.randn(request["n"], request["n"], device=device).to(KINDS[request["type"]]) for _ in range(2))
    c = torch.empty_like(a)
    answer(version=torch.__version__, seconds=median(lambda: torch.matmul(a, b, out=c)))


def attentions():
    if not hasattr(F, "scaled_dot_product_attention"):
        answer(missing=f"PyTorch {torch.__version__} has no scaled_dot_product_attention")
    config, times = request["config"], []
    with torch.no_grad():
        for batch, queries, keys in request["shapes"]:
            q, k, v = (torch.randn(batch, config["heads"], n, config["depth"], device=device).to(KINDS[config["type"]]) for n in (queries, keys, keys))
            times.append(median(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=config["causal"])))
    answer(version=torch.__version__, seconds=times)


def model():
    config = request["config"]
    net = {"bert": Bert, "llama": Llama}[config["kind"]](config).to(device).eval()
    compilations = 0
    if request["mode"] == "compile":
        if not hasattr(torch, "compile"):
            answer(missing=f"PyTorch {torch.__version__} has no torch.compile")
        from torch._inductor.compile_fx import compile_fx

        def counted(module, inputs):
            nonlocal compilations
            compilations += 1
            return compile_fx(module, inputs)

        # More kinds of shapes than PyTorch expects are no reason to go on without a compiler.
        for name in ("recompile_limit", "cache_size_limit"):
            if hasattr(torch._dynamo.config, name):
                setattr(torch._dynamo.config, name, 256)
        net = torch.compile(net, dynamic=True, backend=counted)

    given = {(b, s): (torch.randint(config["vocabulary"], (b, s), device=device), torch.ones(b, s, dtype=torch.int64, device=device)) for b, s in request["shapes"]}
    times = []
    with torch.no_grad():
        for _ in range(request["rounds"]):
            times.append([seconds(lambda: net(*given[b, s])) for b, s in request["shapes"]])
    answer(version=torch.__version__, seconds=times, compilations=compilations)


try:
    {"matmul": matmul, "attention": attentions, "model": model}[request["what"]]()
except Exception as e:
    answer(missing=f"PyTorch {torch.__version__}: {type(e).__name__}: {str(e).strip().splitlines()[0] if str(e).strip() else ''}")
