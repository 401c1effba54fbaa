#!/usr/bin/env bash
# An sshd of its own with throw-away keys: a large file there by scp and back by ssh, and many small commands.
# shellcheck source=examples/tcp/programs/common.sh
source "$(dirname "$0")/common.sh"
cd "$WORK"
if [ "$(id -u)" = 0 ]; then
  mkdir -p /run/sshd # where sshd's unprivileged half lives; Debian makes it when the service starts
fi
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh-keygen -q -t ed25519 -N '' -f user_key
cat >sshd_config <<END
ListenAddress $host:$SERVER_PORT
HostKey $WORK/host_key
AuthorizedKeysFile $WORK/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
END
echo "weft $(cat host_key.pub)" >known_hosts
# The full path: sshd starts itself again for each connection.
start_server "$(command -v sshd)" -D -e -f "$WORK/sshd_config"

cat >ssh_config <<END
Host weft
  HostName $host
  Port $WEFT_PORT
  HostKeyAlias weft
  User $(id -un)
  IdentityFile $WORK/user_key
  IdentitiesOnly yes
  UserKnownHostsFile $WORK/known_hosts
  BatchMode yes
  ConnectTimeout 10
END
mib=$((MIB / 4 > 0 ? MIB / 4 : 1))
bytes=$((mib * 1024 * 1024))
sum=$(stream sum $bytes)
stream print $bytes >large
scp -q -F ssh_config large weft:"$WORK/there" || fail "$(tail -n 5 server.log)"
same 'checksum after scp' "$sum" "$(sum_of <there)"
same 'checksum after ssh' "$sum" "$(ssh -F ssh_config weft cat "$WORK/there" | sum_of)"
for number in 1 2 3 4 5; do
  same 'output of a command' "$number" "$(ssh -F ssh_config weft echo $number </dev/null)"
done
echo "$mib MiB by scp and back by ssh agree; 5 commands"
