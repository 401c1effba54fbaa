# Listens on the ports given after its name and answers each connection, as HTTP, with its name and with where the
# connection was going before it was redirected ('-' when it was not). Prints a line when it listens.
import select
import socket
import struct
import sys

SO_ORIGINAL_DST = 80


def original(connection):
    mapped = connection.getsockname()[0].startswith('::ffff:')
    try:
        if mapped:
            raw = connection.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, 16)
            address = socket.inet_ntop(socket.AF_INET, raw[4:8])
        else:
            raw = connection.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
            address = '[' + socket.inet_ntop(socket.AF_INET6, raw[8:24]) + ']'
    except OSError:
        return '-'
    port = struct.unpack('!H', raw[2:4])[0]
    own = connection.getsockname()
    direct = '[%s]:%d' % (own[0], own[1]) if not mapped else '%s:%d' % (own[0][7:], own[1])
    return '-' if '%s:%d' % (address, port) == direct else '%s:%d' % (address, port)


def answer(listener, name):
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(2)
        body = '%s %s' % (name, original(connection))
        head = 'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body)
        try:
            connection.recv(65536)
            connection.sendall((head + body).encode())
        except OSError:
            pass


name, ports = sys.argv[1], sys.argv[2:]
listeners = []
for port in ports:
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('::', int(port)))
    listener.listen(16)
    listeners.append(listener)
print('listening', flush=True)
while True:
    for ready in select.select(listeners, [], [])[0]:
        answer(ready, name)
