# Gives the link a broker on its Unix socket, and secrets of the unit that it must not see. See sandbox.sh.
set -e
usermod -aG mosquitto edge-link
mkdir -p /etc/edge-link /var/lib/edge-agent
printf '[broker]\nsocket = "/run/mosquitto/mosquitto.sock"\n' > /etc/edge-link/config.toml
printf 'listener 0 /run/mosquitto/mosquitto.sock\nallow_anonymous true\n' > /etc/trial-broker.conf
cat > /etc/systemd/system/trial-broker.service <<END
[Service]
User=mosquitto
RuntimeDirectory=mosquitto
RuntimeDirectoryMode=0755
ExecStart=/usr/sbin/mosquitto -c /etc/trial-broker.conf
ExecStartPost=/bin/sh -c 'until [ -S /run/mosquitto/mosquitto.sock ]; do sleep 0.1; done'
END
cat > /etc/systemd/system/edge-link.service.d/broker.conf <<END
[Unit]
Requires=trial-broker.service
After=trial-broker.service
[Service]
# What the service can do to the rest of the computer, as its own user in its own sandbox.
ExecStartPre=/bin/sh -c 'ls /var/lib/edge-agent; touch /etc/edge-link/x /var/log/x; true'
StandardError=file:/said/stderr
END
