#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a machine whose /dev/cpu/N/msr are simulated, for the real likwid.

    tests/tools/fake_msr.py intel|skylake|icx|emr|amd COMMAND...

intel is a Nehalem, whose uncore has MSRs only; skylake a client, which needs /dev/mem without the
daemon; icx a server, which needs PCI devices without the daemon; emr a server that likwid 5.2
does not support; amd a Zen 3. Each has CPUs 0 and 1. In a mount namespace of its own,
the command sees
    /dev/cpu/N/msr          files of a FUSE server in this process, mode 600 of root
    /proc/cpuinfo           with that CPU; /etc/likwid_topo.cfg for liblikwid
    /usr/sbin/likwid-accessD, /var/lib/dpkg     copies
It needs root and /dev/fuse. likwid-accessD also executes CPUID, which is not simulated: it
allows Intel's registers on a CPU of family 6 only, AMD's on family 25 only.

An enabled counter advances when it is stopped, by a number that depends on its event and on
N modulo 2; with FAKE_GROW=1 also on the number of stops. Cycles and instructions fit the known
kernels of runner/counters/kernels.c.
"""
import ctypes
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAEMON = "/usr/sbin/likwid-accessD"
CPUS = 2
# Maps a model to (vendor, family, model), and to members of liblikwid's topology file.
MODELS: dict[str, tuple[tuple[str, int, int], dict[str, int]]] = {
    "intel": (("GenuineIntel", 6, 26), {"isIntel": 1, "perf_version": 3, "perf_num_ctr": 4}),
    "skylake": (("GenuineIntel", 6, 94), {"isIntel": 1, "perf_version": 4, "perf_num_ctr": 4}),
    "icx": (("GenuineIntel", 6, 106), {"isIntel": 1, "perf_version": 5, "perf_num_ctr": 8,
                                       "perf_num_fixed_ctr": 4}),
    "emr": (("GenuineIntel", 6, 207), {"isIntel": 1, "perf_version": 5, "perf_num_ctr": 8,
                                       "perf_num_fixed_ctr": 4}),
    "amd": (("AuthenticAMD", 25, 1), {})}
# Intel: maps the register of global control to the first event select and the first counter; the
# core's entry is followed by the uncore's.
GLOBAL = {0x38f: (0x186, 0xc1), 0x391: (0x3c0, 0x3b0)}
FIXED_CONTROL, FIXED = 0x38d, 0x309
AMD = range(0xc0010200, 0xc0010260, 2)  # pairs (control, counter) of core, L3 and data fabric
ENABLE = 1 << 22
STEPS = 1 << 21  # cycles and instructions: 2 per step of the kernel "half"


def amount(event: int, cpu: int) -> int:
    """Returns the count of an event in one interval."""
    big = event in (-1, -2, -3, 0x76, 0xc0)  # cycles and instructions
    return (STEPS + event if big else 1000 * (event % 97 + 3)) * (cpu % 2 + 1)


class Registers:
    """The registers of one CPU."""

    def __init__(self, cpu: int) -> None:
        self.cpu = cpu
        self.value: dict[int, int] = {}
        self.stops = 0

    def read(self, number: int) -> int:
        """Returns a register. AMD's MPERF, APERF and IRPERF are never stopped, so each read
        advances them."""
        if number in (0xe7, 0xe8, 0xc00000e7, 0xc00000e8, 0xc00000e9):
            self.add(number, STEPS * (self.cpu % 2 + 1))
        return self.value.get(number, 0)

    def add(self, number: int, count: int) -> None:
        """Advances a counter."""
        self.stops += "FAKE_GROW" in os.environ
        self.value[number] = self.value.get(number, 0) + count + self.stops

    def write(self, number: int, value: int) -> None:
        """Writes a register; advances a counter when its last enable bit is cleared."""
        before = self.value.get(number, 0)
        if number in GLOBAL and before and not value:
            select, counter = GLOBAL[number]
            for i in range(8):
                event = self.value.get(select + i, 0)
                if before >> i & 1 and event & ENABLE:
                    self.add(counter + i, amount(event & 0xffff, self.cpu))
            for i in range(4):
                if before >> (32 + i) & 1 and self.value.get(FIXED_CONTROL, 0) >> (4 * i) & 3:
                    self.add(FIXED + i, amount(-1 - i, self.cpu))
        if number in AMD and before & ENABLE and not value & ENABLE:
            self.add(number + 1, amount(before & 0xffff, self.cpu))
        self.value[number] = value


class Server:
    """Serves the FUSE protocol of include/uapi/linux/fuse.h, version 7.31. Node 1 is the root,
    nodes 2 and 3 are the folders of the CPUs, nodes 4 and 5 their files."""

    def __init__(self, fuse: int) -> None:
        self.fuse = fuse
        self.cpus = [Registers(cpu) for cpu in range(CPUS)]

    @staticmethod
    def attributes(node: int) -> bytes:
        """Returns a struct fuse_attr."""
        mode = 0o100600 if node > 1 + CPUS else 0o040755
        return struct.pack("<6Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def lookup(self, node: int, name: str) -> int:
        """Returns the node of an entry, or 0 if there is no such entry."""
        if node == 1 and name.isdigit() and int(name) < CPUS:
            return 2 + int(name)
        return node + CPUS if 1 < node <= 1 + CPUS and name == "msr" else 0

    def answer(self, opcode: int, node: int, body: bytes) -> bytes | int:
        """Returns the answer's body, or an errno."""
        registers = self.cpus[(node - 2) % CPUS]
        if opcode == 26:  # INIT
            return struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 8, 8, 4096, 1, 1, 0, *[0] * 8)
        if opcode == 1:  # LOOKUP
            found = self.lookup(node, body.rstrip(b"\0").decode())
            return struct.pack("<4Q2I", found, 0, 0, 0, 0, 0) + self.attributes(found) \
                if found else 2
        if opcode == 3:  # GETATTR
            return struct.pack("<Q2I", 0, 0, 0) + self.attributes(node)
        if opcode == 14:  # OPEN, without the page cache
            return struct.pack("<Q2I", 0, 1, 0)
        if opcode == 15:  # READ
            return struct.pack("<Q", registers.read(struct.unpack_from("<Q", body, 8)[0]))
        if opcode == 16:  # WRITE
            registers.write(*struct.unpack_from("<Q", body, 8), *struct.unpack_from("<Q", body, 40))
            return struct.pack("<2I", 8, 0)
        return b"" if opcode in (18, 25) else 38  # RELEASE, FLUSH; ENOSYS

    def serve(self) -> None:
        """Answers requests until the file system is unmounted."""
        while True:
            try:
                request = os.read(self.fuse, 1 << 17)
            except OSError:
                return
            _, opcode, unique, node = struct.unpack_from("<2I2Q", request)
            if opcode in (2, 36, 42):  # FORGET, INTERRUPT, BATCH_FORGET
                continue
            body = self.answer(opcode, node, request[40:])
            error, body = (-body, b"") if isinstance(body, int) else (0, body)
            os.write(self.fuse, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


def mount(*arguments: str) -> None:
    """Runs mount(8)."""
    subprocess.run(["mount", *arguments], check=True)


def prepare(folder: str, model: str) -> None:
    """Mounts all files except the devices."""
    (vendor, family, number), members = MODELS[model]
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    mount("-t", "tmpfs", "-o", "mode=755", "fake_msr", folder)
    for key, value in (("vendor_id", vendor), ("cpu family", family), ("model", number)):
        cpuinfo = re.sub(rf"^({key}\s*): .*", rf"\1: {value}", cpuinfo, flags=re.M)
    topology = (ROOT / "tests/fixtures/zen3_topology.cfg").read_text(encoding="utf-8")
    for key, value in ({"family": family, "model": number} | members).items():
        topology = re.sub(rf"^(cpuid_info {key} =).*", rf"\1 {value}", topology, flags=re.M)
    os.mkdir(f"{folder}/etc")
    Path(folder, "etc/likwid_topo.cfg").write_text(topology, encoding="utf-8")
    mount("-t", "overlay", "-o", f"lowerdir={folder}/etc:/etc", "overlay", "/etc")
    Path(folder, "cpuinfo").write_text(cpuinfo, encoding="utf-8")
    mount("--bind", f"{folder}/cpuinfo", "/proc/cpuinfo")
    # copies, because likwid-accessD would change the originals
    Path(folder, "zero").write_text("0\n", encoding="utf-8")
    for path in ("/proc/sys/kernel/nmi_watchdog", "/sys/bus/event_source/devices/cpu/rdpmc"):
        if os.path.exists(path):
            mount("--bind", f"{folder}/zero", path)
    Path(folder, "daemon").write_bytes(Path(DAEMON).read_bytes())
    os.chmod(f"{folder}/daemon", 0o755)
    mount("--bind", f"{folder}/daemon", DAEMON)
    os.mkdir(f"{folder}/dpkg")
    mount("--bind", f"{folder}/dpkg", "/var/lib/dpkg")


def main() -> int:
    """Mounts, serves and runs the command."""
    model, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x20000):  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "unshare")
    mount("--make-rprivate", "/")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        prepare(folder, model)
        fuse = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={fuse},rootmode=40755,user_id=0,group_id=0,allow_other,default_permissions"
        if libc.mount(b"fake_msr", b"/dev/cpu", b"fuse", 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount of a FUSE file system on /dev/cpu")
        threading.Thread(target=Server(fuse).serve, daemon=True).start()
        status = subprocess.run(command, check=False).returncode
        subprocess.run(["umount", "-l", folder], check=True)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
