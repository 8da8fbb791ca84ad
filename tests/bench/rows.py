"""What is measured: the work, who does it, and what oarlock has to beat. Data only, and how a figure is
written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One piece of work. `bound` is how many times the best of `against` each of `ours` may cost."""

    name: str
    work: str
    count: int
    clients: tuple
    ours: tuple
    against: tuple
    bound: float
    figure: str = "cpu"
    strict: bool = False
    few: tuple = ()

    def rounds(self, client, rounds):
        """Clients that take very long run fewer times."""
        return min(rounds, 1) if client in self.few else rounds

    @property
    def unit(self):
        return "s" if self.figure == "wall" or self.count == 1 or self.work == "list" else "µs"

    def value(self, figures):
        return figures[self.figure] * (1e6 / self.count if self.unit == "µs" else 1)

    def written(self, number):
        return f"{number:.0f} µs" if self.unit == "µs" else f"{number:.2f} s"

    def shown(self, figures):
        per = 1e6 / self.count if self.unit == "µs" else 1
        low, high = (self.written(bound * per) for bound in figures["spread"])
        return f"{self.figure} {self.written(self.value(figures))} [{low}–{high}], wall {figures['wall']:.2f} s, {memory(figures)} MiB"

    def ratios(self, found):
        """How many times the best peer's figure each of ours is."""
        best = min((self.value(found[client]) for client in self.against if client in found), default=None)
        return {client: self.value(found[client]) / best for client in self.ours if client in found and best}

    def goal(self):
        peers = " and ".join(name.split(":")[-1] or name.split(":")[0] for name in self.against)
        return f"below {peers}" if self.strict else f"≤ {self.bound:g} × {peers}"

    def kept(self, ratio):
        return ratio < 1 if self.strict else ratio <= self.bound

    def verdict(self, found):
        ratios = self.ratios(found)
        judged = [
            f"{client} {ratio:.2f} ×, {'kept' if self.kept(ratio) else 'MISSED'}"
            for client, ratio in ratios.items()
        ]
        return f"{self.goal()}: {'; '.join(judged) or 'nobody to compare with'}"


def memory(figures):
    return f"{'≤ ' if figures['rss'] <= 1.02 * figures['own'] else ''}{figures['rss']:.0f}"


def small(name, language, ours, peers, bound, works=("get", "put", "head"), count=5000, **more):
    clients = tuple(f"{language}:{client}" for client in (*ours, *peers))
    mine, others = clients[: len(ours)], clients[len(ours) :]
    return [Row(f"4 KiB {work}, {name}", work, count, clients, mine, others, bound, **more) for work in works]


NEAR = [
    Row("get 1 GiB to a file", "get-file", 1,
        ("rust:oarlock", "python:oarlock", "curl:", "rust:object_store", "rust:opendal", "python:obstore", "python:boto3"),
        ("rust:oarlock", "python:oarlock"), ("curl:",), 1.0),
    Row("get 1 GiB to memory", "get-memory", 1,
        ("rust:oarlock", "python:oarlock", "rust:object_store", "rust:opendal", "python:obstore", "python:boto3"),
        ("rust:oarlock", "python:oarlock"), ("rust:object_store", "python:obstore", "python:boto3"), 1.0),
    Row("put 1 GiB from a file (curl)", "put-file", 1,
        ("rust:oarlock", "python:oarlock", "curl:", "rust:object_store", "python:obstore", "python:boto3"),
        ("rust:oarlock", "python:oarlock"), ("curl:",), 1.3),
    Row("put 1 GiB from a file (opendal)", "put-file", 1, ("rust:oarlock", "rust:opendal"), ("rust:oarlock",), ("rust:opendal",), 1.0, strict=True),
    *small("Rust", "rust", ["oarlock", "oarlock-many"], ["object_store", "opendal"], 1.0, strict=True),
    *small("Python, sync", "python", ["oarlock", "oarlock-many"], ["obstore"], 0.5, count=3000),
    *small("Python, async", "python", ["oarlock-async"], ["obstore-async"], 0.5, count=3000),
    *small("Ruby", "ruby", ["oarlock", "oarlock-many"], ["net-http"], 0.6, count=3000),
    *small("C", "c", ["oarlock", "oarlock-many"], ["libcurl"], 1.0, strict=True),
    Row("list 100,000 keys, Rust", "list", 100_000, ("rust:oarlock", "rust:object_store", "rust:opendal"), ("rust:oarlock",), ("rust:object_store",), 1.0),
    Row("list 100,000 keys, Python", "list", 100_000, ("python:oarlock", "python:obstore", "python:boto3"), ("python:oarlock",), ("python:obstore",), 1.0, few=("python:boto3",)),
]  # fmt: skip
FAR = [
    Row("2,000 × 4 KiB get", "get", 2000,
        ("rust:oarlock", "rust:oarlock-many", "python:oarlock-many", "rust:object_store", "rust:opendal", "python:obstore-async"),
        ("rust:oarlock", "rust:oarlock-many", "python:oarlock-many"), ("rust:object_store", "rust:opendal", "python:obstore-async"), 1.1, "wall"),
    Row("get 1 GiB to a file", "get-file", 1,
        ("rust:oarlock", "curl:", "rust:object_store", "rust:opendal", "python:obstore"),
        ("rust:oarlock",), ("curl:", "rust:object_store", "rust:opendal", "python:obstore"), 1.1, "wall"),
    Row("put 1 GiB from a file", "put-file", 1, ("rust:oarlock", "rust:object_store", "rust:opendal"),
        ("rust:oarlock",), ("rust:object_store", "rust:opendal"), 1.1, "wall"),
]  # fmt: skip
TLS = [
    Row("get 1 GiB to a file, TLS", "get-file", 1,
        ("rust:oarlock", "python:oarlock", "curl:", "rust:object_store", "rust:opendal", "python:obstore", "python:boto3"),
        ("rust:oarlock", "python:oarlock"), ("curl:",), 1.0),
    *small("Rust, TLS", "rust", ["oarlock", "oarlock-many"], ["object_store", "opendal"], 1.0, count=3000),
    *small("Python, sync, TLS", "python", ["oarlock", "oarlock-many"], ["obstore"], 0.75, count=2000),
]  # fmt: skip
BESIDE_SEAWEED = [
    Row("get 1 GiB to a file", "get-file", 1, ("rust:oarlock", "rust:object_store", "rust:opendal"), ("rust:oarlock",), ("rust:object_store", "rust:opendal"), 1.0),
    Row("put 1 GiB from a file", "put-file", 1, ("rust:oarlock", "rust:object_store", "rust:opendal"), ("rust:oarlock",), ("rust:object_store", "rust:opendal"), 1.0),
    *small("Rust", "rust", ["oarlock", "oarlock-many"], ["object_store", "opendal"], 1.0, count=1000, strict=True),
]  # fmt: skip
