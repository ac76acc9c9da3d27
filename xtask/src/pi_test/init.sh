#!/bin/busybox sh
# The init program of the emulated machine. It creates a camera, then runs commands from the serial line.
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

# Shows a photo to the camera in place of the previous one.
show() {
    [ -n "$shown" ] && kill "$shown"
    v4l2-ctl -d /dev/video1 --stream-out-mmap --stream-loop --stream-from=/frames/$1.yuyv >/dev/null 2>&1 &
    shown=$!
}

# Starts the unit with the named configuration and an empty log.
start() {
    rm -f /var/log/edge-agent/audit.jsonl*
    edge-agent -v run --config /etc/edge-agent/$1.toml >/tmp/unit.log 2>&1 &
    unit=$!
}

# Prints the unit's status in one line.
status() { edge-agent status --config /etc/edge-agent/config.toml --json; }

# Runs the unit file's ExecStopPost line, as systemd does after any exit of the unit.
exec_stop_post() { $(sed -n 's/^ExecStopPost=//p' /etc/edge-agent.service); }

# Removes access to the pins' registers, as on a Pi with Debian's kernel and a unit that is not root.
without_registers() { rm -f /dev/mem /dev/gpiomem; }

stty -echo
echo "@ready"
while read -r line; do
    eval "$line"
    echo "@done $?"
done
