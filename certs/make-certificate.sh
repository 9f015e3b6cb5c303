#!/usr/bin/env bash
# Makes a CA and, signed by it, the certificate of a webhook Service: ca.crt, ca.key, tls.crt and tls.key in FOLDER.
#
#   certs/make-certificate.sh NAMESPACE [SERVICE [FOLDER]]      (default: seaworthy, the folder of this script)
#
# Where FOLDER has a ca.key already, that CA is used again: so is a certificate renewed, and nothing that trusts
# the CA has to change. Needs openssl 3. Keep ca.key out of git and out of the cluster.
set -euo pipefail

namespace=${1:?usage: make-certificate.sh NAMESPACE [SERVICE [FOLDER]]}
service=${2:-seaworthy}
folder=${3:-$(dirname "${BASH_SOURCE[0]}")}
host=$service.$namespace.svc

umask 077
cd "$folder"
if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt \
    -days 3650 -subj "/CN=$service webhook CA" -addext keyUsage=critical,keyCertSign,cRLSign
fi

# Only the name in subjectAltName counts: the API server does not look at the subject.
printf '%s\n' "subjectAltName = DNS:$host" 'basicConstraints = critical, CA:FALSE' \
  'keyUsage = critical, digitalSignature' 'extendedKeyUsage = serverAuth' >tls.ext
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.csr -subj "/O=$service"
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -days 365 -extfile tls.ext -out tls.crt
rm tls.csr tls.ext
