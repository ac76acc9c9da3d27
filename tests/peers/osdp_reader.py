"""A card reader played by libosdp, which others wrote, on a pseudo terminal. For tests of the unit's OSDP panel.

usage: osdp_reader.py LINK KEY

LINK is where the serial device is to appear. KEY is 32 hexadecimal digits, or "-" for a reader in install mode.

Commands, one per line:  card BITS | keys DIGITS | tamper 0 or 1 | noise N | replay 0 or 1 | unplug | plug
"noise N" flips a bit of every N-th packet (0: of none). "replay 1" sends the last report through the channel again instead of everything else.
Prints:  ready | channel open or closed | command NAME ...
"""
import json
import os
import random
import select
import sys
import tty

from osdp import (Capability, CardFormat, Channel, Event, LibFlag, LogLevel, PDCapabilities, PDInfo, PdId,
                  PeripheralDevice, StatusReportType)


class Line(Channel):
    """The reader's end of the line, and what happens to its packets on their way."""

    def __init__(self, link):
        super().__init__()
        self.link, self.ends = link, None
        self.noise, self.is_replaying = 0, False
        self.packets, self.report = 0, b""
        self.random = random.Random(7)
        self.plug()

    def plug(self):
        master, other = os.openpty()
        tty.setraw(master)
        tty.setraw(other)
        os.set_blocking(master, False)
        if os.path.islink(self.link):
            os.unlink(self.link)
        os.symlink(os.ttyname(other), self.link)
        # The other end stays open, so that the line survives a panel that comes and goes.
        self.ends = (master, other)

    def unplug(self):
        for end in self.ends:
            os.close(end)
        os.unlink(self.link)
        self.ends = None

    def read(self, count):
        if self.ends is None:
            return b""
        try:
            return os.read(self.ends[0], count)
        except OSError:
            return b""

    def write(self, packet):
        packet = bytes(packet)
        if self.ends is None:
            return len(packet)
        self.packets += 1
        sent = self.report if self.is_replaying else packet
        if is_report(packet) and not self.is_replaying:
            self.report = packet
        if self.noise and self.packets % self.noise == 0:
            bit = self.random.randrange(8 * len(sent))
            sent = bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(sent))
        try:
            os.write(self.ends[0], sent)
        except OSError:
            pass
        return len(packet)

    def flush(self):
        pass


def is_report(packet):
    """Whether a packet carries data through the channel (security block of type SCS_18)."""
    start = packet.index(0x53)
    return packet[start + 4] & 8 and packet[start + 6] == 0x18


def say(*words):
    print(*words, flush=True)


def obey(command):
    say("command", json.dumps({name: value.hex() if isinstance(value, (bytes, bytearray)) else str(value)
                               for name, value in command.items()}))
    return 0, None


def card(bits):
    padded = bits + "0" * (-len(bits) % 8)
    data = int(padded, 2).to_bytes(len(padded) // 8, "big")
    return {"event": Event.CardRead, "reader_no": 0, "direction": 0, "format": CardFormat.Wiegand,
            "length": len(bits), "data": data}


def main(link, key):
    line = Line(link)
    capabilities = [Capability.CardDataFormat, Capability.LEDControl, Capability.AudibleControl,
                    Capability.ContactStatusMonitoring, Capability.CommunicationSecurity, Capability.CheckCharacter,
                    Capability.Readers]
    is_new = key == "-"
    info = PDInfo(0, line, scbk=None if is_new else bytes.fromhex(key),
                  flags=[LibFlag.InstallMode if is_new else LibFlag.EnforceSecure],
                  id=PdId(1, 2, 0xcafebabe, 0x12345678, 0x010203))
    reader = PeripheralDevice(info, PDCapabilities([(capability, 1, 1) for capability in capabilities]),
                              log_level=LogLevel.Critical, command_handler=obey)
    reader.start()
    say("ready")
    was_open = False
    while True:
        is_open = bool(reader.is_sc_active())
        if is_open != was_open:
            say("channel", "open" if is_open else "closed")
            was_open = is_open
        if not select.select([sys.stdin], [], [], 0.02)[0]:
            continue
        words = sys.stdin.buffer.raw.readline().decode().split()
        if not words:
            break
        match words:
            case ["card", bits]:
                reader.submit_event(card(bits))
            case ["keys", digits]:
                reader.submit_event({"event": Event.KeyPress, "reader_no": 0, "data": digits.encode()})
            case ["tamper", is_open]:
                report = bytes([int(is_open), 0])
                reader.submit_event({"event": Event.Status, "type": StatusReportType.Local, "report": report})
            case ["noise", count]:
                line.noise = int(count)
            case ["replay", is_on]:
                line.is_replaying = is_on == "1"
            case ["unplug"]:
                line.unplug()
            case ["plug"]:
                line.plug()
            case _:
                sys.exit(f"unknown command: {words}")
    reader.teardown()


main(*sys.argv[1:])
