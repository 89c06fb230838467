"""Watch a command: its wall time, and CPU time and memory over its whole process tree."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

SAMPLE_SECONDS = 0.05
# Shared pages are costly to tell apart, so the fair share is sampled more rarely.
SHARES_EVERY = 20


class Build(NamedTuple):
    """What one run of the command took, over its whole process tree."""

    seconds: float
    cpu_seconds: float
    peak_rss: int
    peak_pss: int


def process_tree(root: psutil.Process) -> list[psutil.Process]:
    """The process and all its descendants that are alive now."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def fair_share(process: psutil.Process) -> int:
    """A process's memory with shared pages divided among their users (its own pages elsewhere)."""
    full = process.memory_full_info()
    return getattr(full, "pss", full.uss)


class Sampler:
    """Peaks of summed memory, and the CPU time last seen of every process of a tree."""

    def __init__(self) -> None:
        """Nothing sampled yet."""
        self.peak_rss = 0
        self.peak_pss = 0
        self.cpu: dict[int, float] = {}

    def sample(self, processes: Sequence[psutil.Process], with_shares: bool) -> None:
        """Take one sample; a process may end at any moment, and then counts nothing."""
        rss = pss = 0
        for process in processes:
            try:
                rss += process.memory_info().rss
                times = process.cpu_times()
                self.cpu[process.pid] = times.user + times.system
                pss += fair_share(process) if with_shares else 0
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.peak_rss = max(self.peak_rss, rss)
        self.peak_pss = max(self.peak_pss, pss)


def waited_cpu_seconds() -> float:
    """CPU time of all ended children, and of those descendants that they waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def watched(command: Sequence[str], folder: Path) -> Build:
    """What the command took when run in the folder; a failing command ends the benchmark."""
    sampler, count = Sampler(), 0
    cpu_before = waited_cpu_seconds()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors)
        root = psutil.Process(child.pid)
        while child.poll() is None:
            sampler.sample(process_tree(root), with_shares=count % SHARES_EVERY == 0)
            count += 1
            try:
                child.wait(SAMPLE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - start
        if child.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{' '.join(command[:3])}: exit {child.returncode}.\n{said}")
    # Neither count is whole: descendants nobody waited for miss in one, short lives in the other.
    cpu = max(waited_cpu_seconds() - cpu_before, sum(sampler.cpu.values()))
    return Build(seconds, cpu, sampler.peak_rss, sampler.peak_pss)
