#!/bin/sh
# Certificates for tests of TLS, with keys of their own.
#
# usage: certificates.sh FOLDER ADDRESS
#
# The authority `house` certifies `broker` (localhost and the address) and `door`; the authority `stranger` certifies
# `false_broker` and `false_door`. Each is a file NAME.crt and a file NAME.key, which only its owner can read.
set -eu
umask 077
cd "$1"

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$1.key" -out "$1.crt" \
        -subj "/CN=authority $1" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}

certificate() { # AUTHORITY NAME EXTENSIONS
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "/CN=$2"
    printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n%b\n' "$3" > "$2.ext"
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 30 -extfile "$2.ext" -out "$2.crt"
}

{
    authority house
    authority stranger
    broker="subjectAltName=DNS:localhost,IP:$2\nextendedKeyUsage=serverAuth"
    certificate house broker "$broker"
    certificate stranger false_broker "$broker"
    certificate house door 'extendedKeyUsage=clientAuth'
    certificate stranger false_door 'extendedKeyUsage=clientAuth'
} 2> openssl.log || { cat openssl.log >&2; exit 1; }
