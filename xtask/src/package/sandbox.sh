#!/bin/sh
# Starts a service under the real systemd, in namespaces over a temporary copy of this computer's files. The service runs
# another verb of its program in place of `run` and writes its output to a file.
#   sandbox.sh WORK DEPLOY SERVICE PROGRAM VERB
# WORK/prepare.sh, if it is there, is run in the copy first.
set -e
work=$1 deploy=$2 service=$3 program=$4 verb=$5
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
mkdir -p "$root/said" "$root/etc/systemd/system/$service.service.d"
mount --bind "$work/said" "$root/said"
cp "$program" "$root/usr/bin/$service"
cp "$deploy/$service.service" "$root/etc/systemd/system/"
cp "$deploy/debian/edge-agent.sysusers" "$root/usr/lib/sysusers.d/edge-agent.conf"
cp "$deploy/debian-link/edge-link.sysusers" "$root/usr/lib/sysusers.d/edge-link.conf"
systemd-sysusers --root="$root" edge-agent.conf edge-link.conf
cat > "$root/etc/systemd/system/$service.service.d/trial.conf" <<END
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
ExecStart=/usr/bin/$service $verb --json
ExecStopPost=
StandardOutput=file:/said/$verb
END
if [ -e "$work/prepare.sh" ]; then
    chroot "$root" sh -s < "$work/prepare.sh"
fi
exec chroot "$root" env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit="$service.service" --log-target=null --show-status=false
