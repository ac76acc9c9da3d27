#!/bin/sh
# Certificates for a cluster of brokers and its clients, with keys of their own.
#
# usage: cluster_certificates.sh FOLDER ADDRESSES NAME...
#
# The authority `house` certifies `broker`, a server at the ADDRESSES ("10.0.0.1 10.0.0.2"), and each NAME, a client whose
# common name it is. Each is a file NAME.crt and a file NAME.key, which only its owner can read.
set -eu
umask 077
cd "$1"
names=DNS:localhost
for address in $2; do
    names="$names,IP:$address"
done
shift 2

certificate() { # NAME USE
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out request.csr -subj "/CN=$1"
    printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n%s\n' "$2" > extensions
    openssl x509 -req -in request.csr -CA house.crt -CAkey house.key -CAcreateserial -days 30 -extfile extensions -out "$1.crt"
}

{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout house.key -out house.crt \
        -subj "/CN=authority" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    certificate broker "subjectAltName=$names
extendedKeyUsage=serverAuth"
    for name; do
        certificate "$name" extendedKeyUsage=clientAuth
    done
} 2> openssl.log || { cat openssl.log >&2; exit 1; }
