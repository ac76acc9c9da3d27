#!/bin/sh
# Starts the door unit's service under the real systemd, in namespaces over a temporary copy of this computer's files.
# The service runs `edge-agent doctor` in place of `edge-agent run` and writes its output to a file.
#   sandbox.sh WORK PROGRAM DEPLOY
set -e
work=$1 program=$2 deploy=$3
root=$work/root
mkdir -p "$root" "$work/layers" "$work/said"
mount -t tmpfs layers "$work/layers"
mkdir "$work/layers/upper" "$work/layers/work"
mount -t overlay root -o "lowerdir=/,upperdir=$work/layers/upper,workdir=$work/layers/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mount -t cgroup2 groups "$root/sys/fs/cgroup"
mount -t tmpfs run "$root/run"
mount -t tmpfs tmp "$root/tmp"
mount --rbind /dev "$root/dev"
mkdir -p "$root/said" "$root/etc/systemd/system/edge-agent.service.d"
mount --bind "$work/said" "$root/said"
cp "$program" "$root/usr/bin/edge-agent"
cp "$deploy/edge-agent.service" "$root/etc/systemd/system/"
cp "$deploy/debian/edge-agent.sysusers" "$root/usr/lib/sysusers.d/edge-agent.conf"
systemd-sysusers --root="$root" edge-agent.conf
cat > "$root/etc/systemd/system/edge-agent.service.d/trial.conf" <<END
[Unit]
Requires=dbus.service
After=dbus.service
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/bin/edge-agent doctor --json
ExecStopPost=
StandardOutput=file:/said/doctor
END
exec chroot "$root" env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=edge-agent.service --log-target=null --show-status=false
