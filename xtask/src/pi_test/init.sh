#!/bin/busybox sh
# The first program of the emulated machine. It makes a camera and then does what it is told through the serial line.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mkdir -p /run/edge-agent /var/lib/edge-agent /var/log/edge-agent
for module in $(cat /modules.order); do insmod /modules/$module; done
insmod /modules/vivid.ko n_devs=1 num_inputs=1 input_types=3 num_outputs=1 output_types=1 node_types=0x101 no_error_inj=1
v4l2-ctl -d /dev/video0 -c loop_video=1
v4l2-ctl -d /dev/video0 -c osd_text_mode=2
v4l2-ctl -d /dev/video1 --set-fmt-video-out width=1280,height=720,pixelformat=YUYV

# Shows the camera a photo, instead of the one before.
show() {
    [ -n "$shown" ] && kill "$shown"
    v4l2-ctl -d /dev/video1 --stream-out-mmap --stream-loop --stream-from=/frames/$1.yuyv >/dev/null 2>&1 &
    shown=$!
}

# Starts the unit with a configuration of that name, and an empty log.
start() {
    rm -f /var/log/edge-agent/audit.jsonl*
    edge-agent run --config /etc/edge-agent/$1.toml >/tmp/unit.log 2>&1 &
    unit=$!
}

# What the unit says of itself, in one line.
status() { edge-agent status --config /etc/edge-agent/config.toml --json; }

# The line of the unit file that systemd would run after the unit has ended, however it ended.
exec_stop_post() { $(sed -n 's/^ExecStopPost=//p' /etc/edge-agent.service); }

# From now on the pins' registers cannot be reached, as on a Pi with Debian's kernel and a unit that is not root.
without_registers() { rm -f /dev/mem /dev/gpiomem; }

stty -echo
echo "@ready"
while read -r line; do
    eval "$line"
    echo "@done $?"
done
